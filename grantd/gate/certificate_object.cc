#include "grantd/gate/certificate_object.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <utility>

#include "grant/cryptoki/cryptoki.h"

namespace grant {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

template <typename T, typename Encode>
Bytes Der(T* object, Encode encode) {
  Bytes der(static_cast<size_t>(std::max(encode(object, nullptr), 0)));
  uint8_t* end = der.data();
  if (!der.empty()) encode(object, &end);
  return der;
}

template <typename T>
Bytes Native(T value) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  return {bytes, bytes + sizeof(value)};
}

Bytes BytesOf(const ASN1_OCTET_STRING* value) {
  const uint8_t* const bytes = ASN1_STRING_get0_data(value);
  return {bytes, bytes + ASN1_STRING_length(value)};
}

// What RFC 5280, 4.2.1.2 calls the subject key identifier, whether or not the certificate has it.
Bytes KeyIdentifier(X509* certificate) {
  const ASN1_OCTET_STRING* const given = X509_get0_subject_key_id(certificate);
  if (given != nullptr) return BytesOf(given);
  Bytes digest(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  X509_pubkey_digest(certificate, EVP_sha1(), digest.data(), &size);
  digest.resize(size);
  return digest;
}

// The common name; empty where the subject has none.
std::string CommonName(X509* certificate) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return "";
  uint8_t* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return "";
  std::string name(reinterpret_cast<char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return name;
}

// The first three bytes of the SHA-1 of the value (PKCS#11 3.0, 4.6.3).
Bytes CheckValue(const Bytes& value) {
  Bytes digest(EVP_MAX_MD_SIZE);
  EVP_Digest(value.data(), value.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  digest.resize(3);
  return digest;
}

// How an object is found: the certificate of a key by the key's own ID and label.
struct Finding {
  Bytes id;
  std::string label;
  CK_ULONG category;
};

gate::ObjectRecord MakeObject(X509* certificate, const Finding& finding, uint64_t id) {
  const ByteView name = AsBytes(finding.label);
  const auto x509 = [](X509* value, uint8_t** out) { return i2d_X509(value, out); };
  const auto x509_name = [](X509_NAME* value, uint8_t** out) { return i2d_X509_NAME(value, out); };
  const auto integer = [](ASN1_INTEGER* value, uint8_t** out) {
    return i2d_ASN1_INTEGER(value, out);
  };
  const auto key = [](X509_PUBKEY* value, uint8_t** out) { return i2d_X509_PUBKEY(value, out); };
  Bytes value = Der(certificate, x509);
  gate::ObjectRecord object;
  object.id = id;
  object.attributes = {
      {CKA_CLASS, false, Native<CK_OBJECT_CLASS>(CKO_CERTIFICATE)},
      {CKA_TOKEN, false, Native<CK_BBOOL>(CK_TRUE)},
      {CKA_PRIVATE, false, Native<CK_BBOOL>(CK_FALSE)},
      {CKA_MODIFIABLE, false, Native<CK_BBOOL>(CK_FALSE)},
      {CKA_COPYABLE, false, Native<CK_BBOOL>(CK_FALSE)},
      {CKA_DESTROYABLE, false, Native<CK_BBOOL>(CK_FALSE)},
      {CKA_LABEL, false, Bytes(name.begin(), name.end())},
      {CKA_ID, false, finding.id},
      {CKA_CERTIFICATE_TYPE, false, Native<CK_CERTIFICATE_TYPE>(CKC_X_509)},
      {CKA_CERTIFICATE_CATEGORY, false, Native<CK_ULONG>(finding.category)},
      {CKA_TRUSTED, false, Native<CK_BBOOL>(CK_FALSE)},
      {CKA_SUBJECT, false, Der(X509_get_subject_name(certificate), x509_name)},
      {CKA_ISSUER, false, Der(X509_get_issuer_name(certificate), x509_name)},
      {CKA_SERIAL_NUMBER, false, Der(X509_get_serialNumber(certificate), integer)},
      {CKA_PUBLIC_KEY_INFO, false, Der(X509_get_X509_PUBKEY(certificate), key)},
      {CKA_CHECK_VALUE, false, CheckValue(value)},
      {CKA_START_DATE, false, {}},
      {CKA_END_DATE, false, {}},
      {CKA_URL, false, {}},
      {CKA_VALUE, false, std::move(value)},
  };
  return object;
}

}  // namespace

std::vector<gate::ObjectRecord> CertificateObjects(const std::string& pem, const Bytes& key_id,
                                                   const std::string& label, uint64_t first_id) {
  std::vector<gate::ObjectRecord> objects;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  for (;;) {
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                  &X509_free);
    if (!certificate) return objects;
    const bool leaf = objects.empty();
    const Finding finding =
        leaf ? Finding{key_id, label, CK_CERTIFICATE_CATEGORY_TOKEN_USER}
             : Finding{KeyIdentifier(certificate.get()), CommonName(certificate.get()),
                       CK_CERTIFICATE_CATEGORY_AUTHORITY};
    objects.push_back(MakeObject(certificate.get(), finding, first_id + objects.size()));
  }
}

}  // namespace grant
