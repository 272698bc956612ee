// Which attributes an object has by its class and key type: PKCS#11 3.0 Base Specification, chapter
// 4 (objects), and Mechanisms, chapters 2.1 (RSA), 2.2 (DSA), 2.3 (elliptic curve) and 2.4 (DH).
#pragma once

#include <span>

#include "grant/cryptoki/cryptoki.h"

namespace grant {

// CKA_UNIQUE_ID of PKCS#11 3.0, which the installed headers do not name yet.
inline constexpr CK_ATTRIBUTE_TYPE kUniqueId = 0x4;
// CKA_NAME_HASH_ALGORITHM, likewise.
inline constexpr CK_ATTRIBUTE_TYPE kNameHashAlgorithm = 0x8c;

using AttributeTypes = std::span<const CK_ATTRIBUTE_TYPE>;

// Those that depend on the class alone. None of them is a private value.
AttributeTypes AttributesOfClass(CK_OBJECT_CLASS object_class);
// What the key type adds, again without private values; empty for key types not known here.
AttributeTypes AttributesOfKeyType(CK_OBJECT_CLASS object_class, CK_KEY_TYPE key_type);
// The private values of a private key.
AttributeTypes PrivateValuesOf(CK_KEY_TYPE key_type);

}  // namespace grant
