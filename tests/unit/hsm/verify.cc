#include "tests/unit/hsm/verify.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "grant/cryptoki/cryptoki.h"

namespace grant::test {
namespace {

using Bignum = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Bignum Number(ByteView bytes) {
  return {BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr), &BN_free};
}

PublicKey FromParameters(const char* type, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(
      OSSL_PARAM_BLD_to_param(builder), &OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get());
  return {key, &EVP_PKEY_free};
}

// CKA_EC_POINT is a DER octet string; those here are short, so that its header has two bytes.
ByteView Point(const TokenObject& public_key) {
  return ByteView(public_key.Find(CKA_EC_POINT)->value).subspan(2);
}

bool VerifyWith(EVP_PKEY* key, const EVP_MD* digest, int pss_salt_bytes, ByteView data,
                ByteView signature) {
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* settings = nullptr;
  if (EVP_DigestVerifyInit(context.get(), &settings, digest, nullptr, key) != 1) return false;
  if (pss_salt_bytes >= 0) {
    EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, pss_salt_bytes);
  }
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(),
                          data.size()) == 1;
}

}  // namespace

PublicKey RsaKey(const TokenObject& public_key) {
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(
      OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
  const Bignum modulus = Number(public_key.Find(CKA_MODULUS)->value);
  const Bignum exponent = Number(public_key.Find(CKA_PUBLIC_EXPONENT)->value);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return FromParameters("RSA", builder.get());
}

PublicKey P256Key(const TokenObject& public_key) {
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(
      OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
  const ByteView point = Point(public_key);
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return FromParameters("EC", builder.get());
}

PublicKey Ed25519Key(const TokenObject& public_key) {
  const ByteView point = Point(public_key);
  return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, point.data(), point.size()),
          &EVP_PKEY_free};
}

bool Verifies(EVP_PKEY* key, const EVP_MD* digest, ByteView data, ByteView signature) {
  return VerifyWith(key, digest, -1, data, signature);
}

bool VerifiesPss(EVP_PKEY* key, const EVP_MD* digest, int salt_bytes, ByteView data,
                 ByteView signature) {
  return VerifyWith(key, digest, salt_bytes, data, signature);
}

bool VerifiesEcdsa(EVP_PKEY* key, const EVP_MD* digest, ByteView data, ByteView signature) {
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(),
                                                                   &ECDSA_SIG_free);
  const size_t half = signature.size() / 2;
  ECDSA_SIG_set0(pair.get(), Number(signature.first(half)).release(),
                 Number(signature.subspan(half)).release());
  uint8_t* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  const std::unique_ptr<uint8_t, void (*)(uint8_t*)> owner(
      der, [](uint8_t* bytes) { OPENSSL_free(bytes); });
  return length > 0 && Verifies(key, digest, data, {der, static_cast<size_t>(length)});
}

}  // namespace grant::test
