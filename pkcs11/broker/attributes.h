// Reading and comparing attributes (PKCS #11 v2.40, C_GetAttributeValue and C_FindObjectsInit).
#pragma once

#include <span>

#include "pkcs11/broker/object.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

// Fills the caller's template from the object. Every entry is processed, whatever befalls the
// others; one that has no answer gets CK_UNAVAILABLE_INFORMATION as its length. Of several faults,
// a sensitive attribute is named before an unknown type, and that before a small buffer.
Status ReadAttributes(const Object& object, std::span<CK_ATTRIBUTE> wanted);

// CKR_ARGUMENTS_BAD where a template that is to be searched for points nowhere.
Status CheckTemplate(std::span<const CK_ATTRIBUTE> wanted);

// Whether the object has each attribute of the template, with that value.
bool Matches(const Object& object, std::span<const CK_ATTRIBUTE> wanted);

}  // namespace grant::pkcs11
