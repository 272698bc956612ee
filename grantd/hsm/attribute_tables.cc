#include "grantd/hsm/attribute_tables.h"

namespace grant {
namespace {

#define GRANT_STORAGE_ATTRIBUTES                                                               \
  CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_MODIFIABLE, CKA_LABEL, CKA_COPYABLE, CKA_DESTROYABLE, \
      kUniqueId
#define GRANT_KEY_ATTRIBUTES                                                                \
  GRANT_STORAGE_ATTRIBUTES, CKA_KEY_TYPE, CKA_ID, CKA_START_DATE, CKA_END_DATE, CKA_DERIVE, \
      CKA_LOCAL, CKA_KEY_GEN_MECHANISM, CKA_ALLOWED_MECHANISMS, CKA_SUBJECT, CKA_PUBLIC_KEY_INFO

constexpr CK_ATTRIBUTE_TYPE kPublicKey[] = {GRANT_KEY_ATTRIBUTES, CKA_ENCRYPT, CKA_VERIFY,
                                            CKA_VERIFY_RECOVER,   CKA_WRAP,    CKA_TRUSTED};
constexpr CK_ATTRIBUTE_TYPE kPrivateKey[] = {GRANT_KEY_ATTRIBUTES,
                                             CKA_SENSITIVE,
                                             CKA_DECRYPT,
                                             CKA_SIGN,
                                             CKA_SIGN_RECOVER,
                                             CKA_UNWRAP,
                                             CKA_EXTRACTABLE,
                                             CKA_ALWAYS_SENSITIVE,
                                             CKA_NEVER_EXTRACTABLE,
                                             CKA_WRAP_WITH_TRUSTED,
                                             CKA_ALWAYS_AUTHENTICATE};
constexpr CK_ATTRIBUTE_TYPE kCertificate[] = {GRANT_STORAGE_ATTRIBUTES,
                                              CKA_CERTIFICATE_TYPE,
                                              CKA_TRUSTED,
                                              CKA_CERTIFICATE_CATEGORY,
                                              CKA_CHECK_VALUE,
                                              CKA_START_DATE,
                                              CKA_END_DATE,
                                              CKA_PUBLIC_KEY_INFO,
                                              CKA_SUBJECT,
                                              CKA_ID,
                                              CKA_ISSUER,
                                              CKA_SERIAL_NUMBER,
                                              CKA_VALUE,
                                              CKA_URL,
                                              CKA_HASH_OF_SUBJECT_PUBLIC_KEY,
                                              CKA_HASH_OF_ISSUER_PUBLIC_KEY,
                                              kNameHashAlgorithm,
                                              CKA_JAVA_MIDP_SECURITY_DOMAIN,
                                              CKA_OWNER,
                                              CKA_AC_ISSUER,
                                              CKA_ATTR_TYPES};
constexpr CK_ATTRIBUTE_TYPE kData[] = {GRANT_STORAGE_ATTRIBUTES, CKA_APPLICATION, CKA_OBJECT_ID,
                                       CKA_VALUE};

constexpr CK_ATTRIBUTE_TYPE kRsaPublic[] = {CKA_MODULUS, CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT};
constexpr CK_ATTRIBUTE_TYPE kRsaPrivate[] = {CKA_MODULUS, CKA_PUBLIC_EXPONENT};
constexpr CK_ATTRIBUTE_TYPE kRsaPrivateValues[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
                                                   CKA_PRIME_2,          CKA_EXPONENT_1,
                                                   CKA_EXPONENT_2,       CKA_COEFFICIENT};
// A private key has no CKA_EC_POINT by the standard, but several tokens give it one, and programs
// that look for it then find it here too.
constexpr CK_ATTRIBUTE_TYPE kEc[] = {CKA_EC_PARAMS, CKA_EC_POINT};
constexpr CK_ATTRIBUTE_TYPE kDsaPublic[] = {CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_VALUE};
constexpr CK_ATTRIBUTE_TYPE kDsaPrivate[] = {CKA_PRIME, CKA_SUBPRIME, CKA_BASE};
constexpr CK_ATTRIBUTE_TYPE kDhPublic[] = {CKA_PRIME, CKA_BASE, CKA_VALUE};
constexpr CK_ATTRIBUTE_TYPE kDhPrivate[] = {CKA_PRIME, CKA_BASE, CKA_VALUE_BITS};
constexpr CK_ATTRIBUTE_TYPE kPrivateValue[] = {CKA_VALUE};

#undef GRANT_KEY_ATTRIBUTES
#undef GRANT_STORAGE_ATTRIBUTES

}  // namespace

AttributeTypes AttributesOfClass(CK_OBJECT_CLASS object_class) {
  switch (object_class) {
    case CKO_PUBLIC_KEY:
      return kPublicKey;
    case CKO_PRIVATE_KEY:
      return kPrivateKey;
    case CKO_CERTIFICATE:
      return kCertificate;
    case CKO_DATA:
      return kData;
    default:
      return {};
  }
}

AttributeTypes AttributesOfKeyType(CK_OBJECT_CLASS object_class, CK_KEY_TYPE key_type) {
  const bool is_public = object_class == CKO_PUBLIC_KEY;
  switch (key_type) {
    case CKK_RSA:
      return is_public ? AttributeTypes(kRsaPublic) : AttributeTypes(kRsaPrivate);
    case CKK_EC:
    case CKK_EC_EDWARDS:
    case CKK_EC_MONTGOMERY:
      return kEc;
    case CKK_DSA:
      return is_public ? AttributeTypes(kDsaPublic) : AttributeTypes(kDsaPrivate);
    case CKK_DH:
      return is_public ? AttributeTypes(kDhPublic) : AttributeTypes(kDhPrivate);
    default:
      return {};
  }
}

AttributeTypes PrivateValuesOf(CK_KEY_TYPE key_type) {
  if (key_type == CKK_RSA) return kRsaPrivateValues;
  return kPrivateValue;
}

}  // namespace grant
