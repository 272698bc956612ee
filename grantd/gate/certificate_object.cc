#include "grantd/gate/certificate_object.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

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

gate::ObjectRecord MakeObject(X509* certificate, const Bytes& key_id, const std::string& label,
                              uint64_t id) {
  const ByteView name = AsBytes(label);
  const auto x509 = [](X509* value, uint8_t** out) { return i2d_X509(value, out); };
  const auto x509_name = [](X509_NAME* value, uint8_t** out) { return i2d_X509_NAME(value, out); };
  const auto integer = [](ASN1_INTEGER* value, uint8_t** out) {
    return i2d_ASN1_INTEGER(value, out);
  };
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
      {CKA_ID, false, key_id},
      {CKA_CERTIFICATE_TYPE, false, Native<CK_CERTIFICATE_TYPE>(CKC_X_509)},
      {CKA_CERTIFICATE_CATEGORY, false, Native<CK_ULONG>(0)},
      {CKA_TRUSTED, false, Native<CK_BBOOL>(CK_FALSE)},
      {CKA_SUBJECT, false, Der(X509_get_subject_name(certificate), x509_name)},
      {CKA_ISSUER, false, Der(X509_get_issuer_name(certificate), x509_name)},
      {CKA_SERIAL_NUMBER, false, Der(X509_get_serialNumber(certificate), integer)},
      {CKA_VALUE, false, Der(certificate, x509)},
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
    objects.push_back(MakeObject(certificate.get(), leaf ? key_id : Bytes(), leaf ? label : "",
                                 first_id + objects.size()));
  }
}

}  // namespace grant
