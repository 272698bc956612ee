#include "tests/e2e/verify.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <memory>
#include <sstream>
#include <stdexcept>

namespace grant::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using Parameters = std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)>;

const unsigned char* Data(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number MakeNumber(const std::string& bytes) {
  return {BN_bin2bn(Data(bytes), static_cast<int>(bytes.size()), nullptr), &BN_free};
}

Key FromParameters(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder), &OSSL_PARAM_free);
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get());
  return {key, &EVP_PKEY_free};
}

Key MakeRsa(const std::string& modulus, const std::string& exponent) {
  const Builder builder(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
  const Number n = MakeNumber(modulus);
  const Number e = MakeNumber(exponent);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return FromParameters("RSA", builder.get());
}

// `point` is the uncompressed point without its OCTET STRING header.
Key MakeP256(const std::string& point) {
  const Builder builder(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return FromParameters("EC", builder.get());
}

Key MakeKey(const std::string& numbers) {
  std::istringstream words(numbers);
  std::string rv;
  std::string modulus;
  std::string exponent;
  std::string parameters;
  std::string point;
  words >> rv >> modulus >> exponent >> parameters >> point;
  if (rv != "CKR_OK") throw std::runtime_error("no public key: " + numbers);
  if (modulus != "-") return MakeRsa(FromHex(modulus), FromHex(exponent));
  const std::string raw = FromHex(point).substr(2);
  if (raw.size() == 32) {
    return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Data(raw), raw.size()),
            &EVP_PKEY_free};
  }
  return MakeP256(raw);
}

const EVP_MD* HashIn(const std::string& mechanism) {
  for (const char* name : {"224", "256", "384", "512"}) {
    if (mechanism.rfind(std::string("SHA") + name, 0) == 0) {
      return EVP_get_digestbyname((std::string("SHA") + name).c_str());
    }
  }
  return mechanism.rfind("SHA-1", 0) == 0 || mechanism.rfind("SHA1", 0) == 0 ? EVP_sha1() : nullptr;
}

std::string ToDer(const std::string& raw) {
  ECDSA_SIG* signature = ECDSA_SIG_new();
  const size_t half = raw.size() / 2;
  ECDSA_SIG_set0(signature, MakeNumber(raw.substr(0, half)).release(),
                 MakeNumber(raw.substr(half)).release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature, &der);
  std::string text(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  return text;
}

bool VerifyDigest(EVP_PKEY* key, const std::string& mechanism, const EVP_MD* hash,
                  const std::string& digest, const std::string& signature) {
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY_verify_init(context.get());
  if (mechanism.find("PSS") != std::string::npos) {
    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST);
  }
  if (hash != nullptr) EVP_PKEY_CTX_set_signature_md(context.get(), hash);
  return EVP_PKEY_verify(context.get(), Data(signature), signature.size(), Data(digest),
                         digest.size()) == 1;
}

}  // namespace

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string ToHex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::string Sha256(const std::string& data) {
  std::string digest(32, '\0');
  EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
             EVP_sha256(), nullptr);
  return digest;
}

bool Verifies(const std::string& numbers, const std::string& mechanism, const std::string& data,
              const std::string& signature) {
  const Key key = MakeKey(numbers);
  std::string raw = FromHex(signature);
  if (mechanism == "EDDSA") {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get());
    return EVP_DigestVerify(context.get(), Data(raw), raw.size(), Data(data), data.size()) == 1;
  }
  if (mechanism.rfind("ECDSA", 0) == 0) raw = ToDer(raw);
  if (const EVP_MD* hash = HashIn(mechanism)) {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
               hash, nullptr);
    return VerifyDigest(key.get(), mechanism, hash, digest.substr(0, size), raw);
  }
  // A raw PKCS #1 mechanism was given DigestInfo: the digest is its end.
  const bool digest_info = mechanism == "RSA-PKCS";
  return VerifyDigest(key.get(), mechanism, EVP_sha256(),
                      digest_info ? data.substr(data.size() - 32) : data, raw);
}

}  // namespace grant::test
