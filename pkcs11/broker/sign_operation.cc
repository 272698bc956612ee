#include "pkcs11/broker/sign_operation.h"

#include <utility>

#include "grant/wipe.h"
#include "pkcs11/broker/key_size.h"

namespace grant::pkcs11 {

SignCalls::SignCalls(GateClient& gate, TokenRef token, CK_OBJECT_HANDLE key,
                     SignMechanism mechanism, size_t signature_bytes)
    : gate_(&gate),
      token_(std::move(token)),
      key_(key),
      mechanism_(mechanism),
      signature_bytes_(signature_bytes) {}

Result<gate::SignTarget> SignCalls::TargetOn(Lease& lease) const {
  GRANT_TRY(const uint64_t id, token_->objects.IdOn(lease, key_));
  return gate::SignTarget{token_->name, id, mechanism_.wire, token_->login.secret(),
                          gate_->config().grant};
}

Status SignCalls::Begin(Lease& lease) {
  GRANT_TRY(gate::SignTarget target, TargetOn(lease));
  gate::SignBegin begin{std::move(target)};
  WipeAtEnd wipe(begin.target.secret);
  GRANT_CHECK(gate_->Ask<gate::Begun>(lease, begin, gate_->config().sign_timeout));
  return {};
}

Result<Bytes> SignCalls::Whole(Lease& lease, Bytes data) {
  GRANT_TRY(gate::SignTarget target, TargetOn(lease));
  gate::Sign sign{std::move(target), std::move(data)};
  WipeAtEnd wipe(sign.target.secret);
  return Checked(gate_->Ask<gate::Signature>(lease, sign, gate_->config().sign_timeout));
}

Result<Bytes> SignCalls::End(Lease& lease) {
  return Checked(gate_->Ask<gate::Signature>(lease, gate::SignEnd{}, gate_->config().sign_timeout));
}

// The caller's buffer was measured by the key, so a signature of another length must not reach it.
Result<Bytes> SignCalls::Checked(Result<gate::Signature> answer) const {
  if (!answer) return tl::make_unexpected(std::move(answer).error());
  return gate_->CheckLength(std::move(answer->signature), signature_bytes_);
}

Result<SignOperation> BeginSignOperation(GateClient& gate, TokenRef token, const Object& key,
                                         const SignMechanism& mechanism) {
  GRANT_CHECK(mechanism.CheckKey(key));
  GRANT_TRY(const size_t bytes, RequiredSignatureBytes(key, *mechanism.facts));
  return SignOperation(gate, SignCalls(gate, std::move(token), key.handle, mechanism, bytes));
}

}  // namespace grant::pkcs11
