#include "pkcs11/broker/verify_operation.h"

#include <utility>

#include "pkcs11/broker/key_size.h"

namespace grant::pkcs11 {

VerifyCalls::VerifyCalls(GateClient& gate, TokenRef token, CK_OBJECT_HANDLE key,
                         SignMechanism mechanism, size_t signature_bytes)
    : gate_(&gate),
      token_(std::move(token)),
      key_(key),
      mechanism_(mechanism),
      signature_bytes_(signature_bytes) {}

Status VerifyCalls::SetSignature(CK_BYTE_PTR signature, CK_ULONG bytes) {
  if (signature == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  if (bytes != signature_bytes_) return Fail(CKR_SIGNATURE_LEN_RANGE);
  signature_.assign(signature, signature + bytes);
  return {};
}

Result<gate::VerifyTarget> VerifyCalls::TargetOn(Lease& lease) const {
  GRANT_TRY(const uint64_t id, token_->objects.IdOn(lease, key_));
  return gate::VerifyTarget{token_->name, id, mechanism_.wire};
}

Status VerifyCalls::Begin(Lease& lease) {
  GRANT_TRY(gate::VerifyTarget target, TargetOn(lease));
  GRANT_CHECK(gate_->Ask<gate::Begun>(lease, gate::VerifyBegin{std::move(target)},
                                      gate_->config().sign_timeout));
  return {};
}

Status VerifyCalls::Whole(Lease& lease, Bytes data) {
  GRANT_TRY(gate::VerifyTarget target, TargetOn(lease));
  const gate::Verify verify{std::move(target), std::move(data), std::move(signature_)};
  GRANT_CHECK(gate_->Ask<gate::Verified>(lease, verify, gate_->config().sign_timeout));
  return {};
}

Status VerifyCalls::End(Lease& lease) {
  const gate::VerifyEnd end{std::move(signature_)};
  GRANT_CHECK(gate_->Ask<gate::Verified>(lease, end, gate_->config().sign_timeout));
  return {};
}

Result<VerifyOperation> BeginVerifyOperation(GateClient& gate, TokenRef token, const Object& key,
                                             const SignMechanism& mechanism) {
  GRANT_CHECK(mechanism.CheckPublicKey(key));
  GRANT_TRY(const size_t bytes, RequiredSignatureBytes(key, *mechanism.facts));
  return VerifyOperation(gate, VerifyCalls(gate, std::move(token), key.handle, mechanism, bytes));
}

}  // namespace grant::pkcs11
