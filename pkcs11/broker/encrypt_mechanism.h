// A CK_MECHANISM given to C_EncryptInit, read and checked.
#pragma once

#include "grant/cryptoki/mechanism.h"
#include "grant/gate/protocol.h"
#include "pkcs11/broker/object.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

struct EncryptMechanism {
  gate::EncryptMechanism wire;
  size_t overhead_bytes = 0;  // of a modulus, what the data may not take up (RFC 8017, chapter 7)

  // Errors: CKR_MECHANISM_INVALID (none that grantd encrypts with), CKR_MECHANISM_PARAM_INVALID.
  static Result<EncryptMechanism> Parse(const CK_MECHANISM& raw);
};

}  // namespace grant::pkcs11
