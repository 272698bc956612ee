// What a key may be used for, by its attributes.
#pragma once

#include "pkcs11/broker/object.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

// Errors: CKR_KEY_HANDLE_INVALID (no key at all), CKR_KEY_FUNCTION_NOT_PERMITTED (a key of another
// class, or `use`, say CKA_SIGN, is false), CKR_KEY_TYPE_INCONSISTENT.
Status CheckKeyUse(const Object& key, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type,
                   CK_ATTRIBUTE_TYPE use);

}  // namespace grant::pkcs11
