#include "pkcs11/broker/key_use.h"

namespace grant::pkcs11 {

Status CheckKeyUse(const Object& key, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type,
                   CK_ATTRIBUTE_TYPE use) {
  switch (key.object_class) {
    case CKO_PUBLIC_KEY:
    case CKO_PRIVATE_KEY:
    case CKO_SECRET_KEY:
      break;
    default:
      return Fail(CKR_KEY_HANDLE_INVALID);
  }
  if (key.object_class != object_class) return Fail(CKR_KEY_FUNCTION_NOT_PERMITTED);
  if (key.Number(CKA_KEY_TYPE) != type) return Fail(CKR_KEY_TYPE_INCONSISTENT);
  if (key.Truth(use) == false) return Fail(CKR_KEY_FUNCTION_NOT_PERMITTED);
  return {};
}

}  // namespace grant::pkcs11
