#include "pkcs11/broker/encrypt_operation.h"

#include <utility>

#include "pkcs11/broker/key_size.h"
#include "pkcs11/broker/key_use.h"

namespace grant::pkcs11 {

EncryptOperation::EncryptOperation(GateClient& gate, TokenRef token, CK_OBJECT_HANDLE key,
                                   EncryptMechanism mechanism, size_t modulus_bytes)
    : gate_(&gate),
      token_(std::move(token)),
      key_(key),
      mechanism_(std::move(mechanism)),
      modulus_bytes_(modulus_bytes) {}

Result<EncryptOperation> EncryptOperation::Begin(GateClient& gate, TokenRef token,
                                                 const Object& key, EncryptMechanism mechanism) {
  GRANT_CHECK(CheckKeyUse(key, CKO_PUBLIC_KEY, CKK_RSA, CKA_ENCRYPT));
  const std::optional<size_t> bits = ModulusBits(key);
  if (!bits) return Fail(CKR_KEY_SIZE_RANGE, "the key has no modulus");
  return EncryptOperation(gate, std::move(token), key.handle, std::move(mechanism),
                          (*bits + 7) / 8);
}

Result<Bytes> EncryptOperation::Encrypt(ByteView data) const {
  if (data.size() + mechanism_.overhead_bytes > modulus_bytes_) return Fail(CKR_DATA_LEN_RANGE);
  GRANT_TRY(gate::Ciphertext answer, gate_->AskSafely([&](Lease& lease)
                                                          -> Result<gate::Ciphertext> {
    GRANT_TRY(const uint64_t id, token_->objects.IdOn(lease, key_));
    const gate::Encrypt encrypt{token_->name, id, mechanism_.wire, Bytes(data.begin(), data.end())};
    return gate_->Ask<gate::Ciphertext>(lease, encrypt, gate_->config().sign_timeout);
  }));
  return gate_->CheckLength(std::move(answer.data), modulus_bytes_);
}

}  // namespace grant::pkcs11
