// A CK_MECHANISM given to C_SignInit or C_VerifyInit, read and checked.
#pragma once

#include <optional>

#include "grant/cryptoki/mechanism.h"
#include "grant/gate/protocol.h"
#include "pkcs11/broker/object.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

struct SignMechanism {
  const cryptoki::MechanismFacts* facts = nullptr;
  gate::SignMechanism wire;

  // Errors: CKR_MECHANISM_INVALID (none that signs), CKR_MECHANISM_PARAM_INVALID (parameters
  // missing, not wanted, or contradicting the mechanism).
  static Result<SignMechanism> Parse(const CK_MECHANISM& raw);

  // Whether this key may sign with it. Errors: as CheckKeyUse, CKR_MECHANISM_INVALID (not in the
  // signer's list), CKR_MECHANISM_PARAM_INVALID (the salt does not fit into the key).
  Status CheckKey(const Object& key) const;
  // Whether this key may verify with it. Errors: as CheckKeyUse, CKR_MECHANISM_PARAM_INVALID.
  Status CheckPublicKey(const Object& key) const;

  // Whether the data may come in parts: only where the mechanism hashes it.
  bool takes_parts() const { return facts->hash.has_value(); }

  // The most data that can be signed, where there is a limit at all: raw mechanisms take a digest
  // or a block.
  std::optional<size_t> DataBytesMax(size_t signature_bytes) const;
};

}  // namespace grant::pkcs11
