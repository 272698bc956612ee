#include "grantd/keys/certificate_request.h"

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>

#include "grant/cryptoki/cryptoki.h"

namespace grant {
namespace {

constexpr int kP384Bits = 384;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using General = std::unique_ptr<GENERAL_NAME, decltype(&GENERAL_NAME_free)>;
using Generals = std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)>;
using Algorithm = std::unique_ptr<X509_ALGOR, decltype(&X509_ALGOR_free)>;

tl::unexpected<Error> Cannot(const std::string& what, const std::string& hint = {}) {
  ERR_clear_error();
  return Fail(Code::kInvalid, "cannot make a certificate request: " + what, hint);
}

Status SetSubject(X509_REQ* request, const std::vector<NamePart>& subject) {
  X509_NAME* const name = X509_REQ_get_subject_name(request);
  for (const NamePart& part : subject) {
    const auto* value = reinterpret_cast<const unsigned char*>(part.value.data());
    if (X509_NAME_add_entry_by_txt(name, part.type.c_str(), MBSTRING_UTF8, value,
                                   static_cast<int>(part.value.size()), -1, 0) != 1) {
      return Cannot("the subject's " + part.type + " cannot have the value '" + part.value + "'",
                    "it may be too long for that attribute, or have letters that it takes not");
    }
  }
  return {};
}

Result<General> GeneralNameOf(const AlternativeName& name) {
  General general(GENERAL_NAME_new(), &GENERAL_NAME_free);
  if (name.kind == AlternativeName::Kind::kIp) {
    ASN1_OCTET_STRING* const address = a2i_IPADDRESS(name.value.c_str());
    if (address == nullptr) return Cannot("'" + name.value + "' is no IP address");
    GENERAL_NAME_set0_value(general.get(), GEN_IPADD, address);
    return general;
  }
  ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
  ASN1_STRING_set(text, name.value.data(), static_cast<int>(name.value.size()));
  const int type = name.kind == AlternativeName::Kind::kDns     ? GEN_DNS
                   : name.kind == AlternativeName::Kind::kEmail ? GEN_EMAIL
                                                                : GEN_URI;
  GENERAL_NAME_set0_value(general.get(), type, text);
  return general;
}

Status SetNames(X509_REQ* request, const std::vector<AlternativeName>& names) {
  if (names.empty()) return {};
  const Generals generals(GENERAL_NAMES_new(), &GENERAL_NAMES_free);
  for (const AlternativeName& name : names) {
    GRANT_TRY(General general, GeneralNameOf(name));
    sk_GENERAL_NAME_push(generals.get(), general.release());
  }
  X509_EXTENSIONS* extensions = nullptr;
  const bool added = X509V3_add1_i2d(&extensions, NID_subject_alt_name, generals.get(), 0,
                                     X509V3_ADD_DEFAULT) == 1 &&
                     X509_REQ_add_extensions(request, extensions) == 1;
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  if (!added) return Cannot("the alternative names do not fit");
  return {};
}

Bytes Hash(const EVP_MD* digest, const Bytes& data) {
  Bytes hash(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), hash.data(), &size, digest, nullptr);
  hash.resize(size);
  return hash;
}

// The two numbers that a token gives side by side, as certificates have them.
Bytes ToDer(const Bytes& signature) {
  const auto half = static_cast<int>(signature.size() / 2);
  ECDSA_SIG* const pair = ECDSA_SIG_new();
  ECDSA_SIG_set0(pair, BN_bin2bn(signature.data(), half, nullptr),
                 BN_bin2bn(signature.data() + half, half, nullptr));
  uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair, &der);
  Bytes bytes(der, der + std::max(size, 0));
  OPENSSL_free(der);
  ECDSA_SIG_free(pair);
  return bytes;
}

}  // namespace

Result<CertificateRequest> CertificateRequest::Build(const PublicKey& key,
                                                     const std::vector<NamePart>& subject,
                                                     const std::vector<AlternativeName>& names) {
  CertificateRequest made;
  made.key_ = key;
  made.request_ = std::shared_ptr<X509_REQ>(X509_REQ_new(), &X509_REQ_free);
  X509_REQ* const request = made.request_.get();
  if (request == nullptr || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request, key.get()) != 1) {
    return Cannot("the key does not fit into one");
  }
  GRANT_CHECK(SetSubject(request, subject));
  GRANT_CHECK(SetNames(request, names));
  GRANT_CHECK(made.ChooseMechanism());
  return made;
}

Status CertificateRequest::ChooseMechanism() {
  uint8_t* der = nullptr;
  const int size = i2d_re_X509_REQ_tbs(request_.get(), &der);
  if (size <= 0) return Cannot("it cannot be encoded");
  const Bytes signed_part(der, der + size);
  OPENSSL_free(der);
  digest_ = "sha256:" + Hex(Hash(EVP_sha256(), signed_part));
  switch (EVP_PKEY_get_base_id(key_.get())) {
    case EVP_PKEY_RSA:
      algorithm_ = NID_sha256WithRSAEncryption;
      mechanism_.type = CKM_SHA256_RSA_PKCS;
      input_ = signed_part;
      return {};
    case EVP_PKEY_EC: {
      const bool large = EVP_PKEY_get_bits(key_.get()) >= kP384Bits;
      algorithm_ = large ? NID_ecdsa_with_SHA384 : NID_ecdsa_with_SHA256;
      mechanism_.type = CKM_ECDSA;
      input_ = Hash(large ? EVP_sha384() : EVP_sha256(), signed_part);
      ecdsa_ = true;
      return {};
    }
    case EVP_PKEY_ED25519:
      algorithm_ = NID_ED25519;
      mechanism_.type = CKM_EDDSA;
      input_ = signed_part;
      return {};
    default:
      return Cannot("its key has a type that signs none");
  }
}

Result<std::string> CertificateRequest::Finish(const Bytes& signature) {
  const Algorithm algorithm(X509_ALGOR_new(), &X509_ALGOR_free);
  // RSA's algorithm has a NULL for parameters, the others have none (RFC 4055, 5758, 8410).
  const int parameters = algorithm_ == NID_sha256WithRSAEncryption ? V_ASN1_NULL : V_ASN1_UNDEF;
  X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(algorithm_), parameters, nullptr);
  const Bytes value = ecdsa_ ? ToDer(signature) : signature;
  ASN1_BIT_STRING* const bits = ASN1_BIT_STRING_new();
  ASN1_BIT_STRING_set(bits, const_cast<uint8_t*>(value.data()), static_cast<int>(value.size()));
  bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 7);
  bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
  X509_REQ_set1_signature_algo(request_.get(), algorithm.get());
  X509_REQ_set0_signature(request_.get(), bits);

  const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
  if (X509_REQ_verify(request_.get(), key_.get()) != 1 ||
      PEM_write_bio_X509_REQ(bio.get(), request_.get()) != 1) {
    ERR_clear_error();
    return Fail(Code::kUnavailable,
                "what the token signed does not verify with the key's public half",
                "see whether the public key on the token belongs to the private one");
  }
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(length));
}

}  // namespace grant
