// An encryption of a session, with a public key.
#pragma once

#include "pkcs11/broker/encrypt_mechanism.h"
#include "pkcs11/broker/token.h"

namespace grant::pkcs11 {

class EncryptOperation {
 public:
  // Errors: as CheckKeyUse, and CKR_KEY_SIZE_RANGE where the key has no modulus.
  static Result<EncryptOperation> Begin(GateClient& gate, TokenRef token, const Object& key,
                                        EncryptMechanism mechanism);

  size_t output_bytes() const { return modulus_bytes_; }

  // CKR_DATA_LEN_RANGE.
  Result<Bytes> Encrypt(ByteView data) const;

 private:
  EncryptOperation(GateClient& gate, TokenRef token, CK_OBJECT_HANDLE key,
                   EncryptMechanism mechanism, size_t modulus_bytes);

  GateClient* gate_;
  TokenRef token_;
  CK_OBJECT_HANDLE key_;
  EncryptMechanism mechanism_;
  size_t modulus_bytes_;
};

}  // namespace grant::pkcs11
