// How long a signature is, from the key's public attributes alone.
#pragma once

#include <cstddef>
#include <optional>

#include "grant/cryptoki/mechanism.h"
#include "pkcs11/broker/object.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

// Bits of the RSA modulus.
std::optional<size_t> ModulusBits(const Object& key);

// How long a signature is. RSA: the modulus. ECDSA: two integers of the curve's order. EdDSA: 64 or
// 114 bytes (RFC 8032). Nothing where the key does not say, or its curve is unknown.
std::optional<size_t> SignatureBytes(const Object& key, cryptoki::Scheme scheme);

// The same where it must be known: CKR_CURVE_NOT_SUPPORTED, CKR_KEY_SIZE_RANGE.
Result<size_t> RequiredSignatureBytes(const Object& key, const cryptoki::MechanismFacts& facts);

}  // namespace grant::pkcs11
