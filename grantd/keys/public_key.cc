#include "grantd/keys/public_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "grant/cryptoki/cryptoki.h"

namespace grant {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using Params = std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

tl::unexpected<Error> NoPublicKey(const std::string& why) {
  ERR_clear_error();
  return Fail(Code::kInvalid, "the key's public half is not to be had: " + why,
              "pkcs11-tool --list-objects shows what is on the token");
}

ByteView ValueOf(const TokenObject& object, CK_ATTRIBUTE_TYPE type) {
  const gate::AttributeRecord* const attribute = object.Find(type);
  return attribute == nullptr ? ByteView() : ByteView(attribute->value);
}

// From the key itself, or from the public key that has the same CKA_ID.
ByteView FindValue(const NamedKey& named, CK_ATTRIBUTE_TYPE type) {
  const ByteView own = ValueOf(*named.key, type);
  if (!own.empty()) return own;
  const ByteView id = ValueOf(*named.key, CKA_ID);
  for (const TokenObject& other : named.objects->objects) {
    if (other.object_class != CKO_PUBLIC_KEY) continue;
    if (!std::ranges::equal(ValueOf(other, CKA_ID), id)) continue;
    if (const ByteView value = ValueOf(other, type); !value.empty()) return value;
  }
  return {};
}

Result<PublicKey> Built(const char* type, const ParamBuild& build) {
  const Params params(OSSL_PARAM_BLD_to_param(build.get()), &OSSL_PARAM_free);
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return NoPublicKey(std::string("what the token shows is no ") + type + " key");
  }
  return PublicKey(key, &EVP_PKEY_free);
}

Result<PublicKey> RsaKey(const NamedKey& named) {
  const ByteView modulus = FindValue(named, CKA_MODULUS);
  const ByteView exponent = FindValue(named, CKA_PUBLIC_EXPONENT);
  if (modulus.empty() || exponent.empty()) return NoPublicKey("it has no modulus or exponent");
  const auto number = [](ByteView bytes) {
    return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr), &BN_free);
  };
  const Number n = number(modulus);
  const Number e = number(exponent);
  const ParamBuild build(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return Built("RSA", build);
}

// CKA_EC_POINT is a point in an OCTET STRING; some tokens leave out the latter.
Bytes PointIn(ByteView value) {
  const uint8_t* at = value.data();
  const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> wrapped(
      d2i_ASN1_OCTET_STRING(nullptr, &at, static_cast<long>(value.size())),
      &ASN1_OCTET_STRING_free);
  const bool whole = wrapped && at == value.data() + value.size();
  ERR_clear_error();
  if (!whole) return {value.begin(), value.end()};
  const uint8_t* const bytes = ASN1_STRING_get0_data(wrapped.get());
  return {bytes, bytes + ASN1_STRING_length(wrapped.get())};
}

Result<PublicKey> EcKey(const NamedKey& named) {
  const ByteView curve = FindValue(named, CKA_EC_PARAMS);
  const Bytes point = PointIn(FindValue(named, CKA_EC_POINT));
  if (curve.empty() || point.empty()) return NoPublicKey("it has no curve or no point");
  const uint8_t* at = curve.data();
  const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> name(
      d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(curve.size())), &ASN1_OBJECT_free);
  const int nid = name ? OBJ_obj2nid(name.get()) : NID_undef;
  if (nid == NID_undef) return NoPublicKey("its curve has no name that is known");
  const ParamBuild build(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(nid), 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return Built("EC", build);
}

Result<PublicKey> EdwardsKey(const NamedKey& named) {
  const Bytes point = PointIn(FindValue(named, CKA_EC_POINT));
  PublicKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, point.data(), point.size()),
                &EVP_PKEY_free);
  if (!key) return NoPublicKey("what the token shows is no Ed25519 key");
  return key;
}

std::vector<Certificate> CertificatesIn(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  std::vector<Certificate> certificates;
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(one, &X509_free);
  }
  ERR_clear_error();
  return certificates;
}

}  // namespace

Result<PublicKey> PublicKeyOf(const NamedKey& named) {
  CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
  const ByteView stored = ValueOf(*named.key, CKA_KEY_TYPE);
  if (stored.size() == sizeof type) std::memcpy(&type, stored.data(), sizeof type);
  switch (type) {
    case CKK_RSA:
      return RsaKey(named);
    case CKK_EC:
      return EcKey(named);
    case CKK_EC_EDWARDS:
      return EdwardsKey(named);
    default:
      return NoPublicKey("its type is neither RSA nor one of an elliptic curve");
  }
}

Result<std::string> ToPem(const PublicKey& key) {
  const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
  char* bytes = nullptr;
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) {
    return Fail(Code::kInternal, "cannot write the public key");
  }
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(length));
}

Result<bool> IsOfKey(const std::string& pem, const PublicKey& key) {
  const std::vector<Certificate> certificates = CertificatesIn(pem);
  if (certificates.empty()) return Fail(Code::kInvalid, "there is no certificate in PEM");
  EVP_PKEY* const certified = X509_get0_pubkey(certificates.front().get());
  const bool same = certified != nullptr && EVP_PKEY_eq(certified, key.get()) == 1;
  ERR_clear_error();
  return same;
}

Status CheckChain(const std::string& pem) {
  const std::vector<Certificate> certificates = CertificatesIn(pem);
  for (size_t i = 1; i < certificates.size(); ++i) {
    if (X509_check_issued(certificates[i].get(), certificates[i - 1].get()) == X509_V_OK) continue;
    return Fail(
        Code::kInvalid,
        "certificate " + std::to_string(i + 1) + " of the chain did not issue the one before",
        "put the key's own certificate first, then each issuer after what it issued");
  }
  return {};
}

}  // namespace grant
