#include "pkcs11/broker/sign_operation.h"

#include <algorithm>
#include <utility>

#include "pkcs11/broker/key_size.h"
#include "pkcs11/refusal_rv.h"
#include "pkcs11/secret.h"

namespace grant::pkcs11 {

SignOperation::SignOperation(GateClient& gate, TokenRef token, CK_OBJECT_HANDLE key,
                             SignMechanism mechanism, size_t signature_bytes)
    : gate_(&gate),
      token_(std::move(token)),
      key_(key),
      mechanism_(mechanism),
      signature_bytes_(signature_bytes) {}

Result<SignOperation> SignOperation::Begin(GateClient& gate, TokenRef token, const Object& key,
                                           SignMechanism mechanism) {
  GRANT_CHECK(mechanism.CheckKey(key));
  const std::optional<size_t> size = SignatureBytes(key, mechanism.facts->scheme);
  if (!size) {
    const bool rsa = mechanism.facts->key_type == CKK_RSA;
    return Fail(rsa ? CKR_KEY_SIZE_RANGE : CKR_CURVE_NOT_SUPPORTED,
                "the key does not say how long its signatures are");
  }
  return SignOperation(gate, std::move(token), key.handle, mechanism, *size);
}

Status SignOperation::Update(ByteView part) {
  has_parts_ = true;
  while (!part.empty()) {
    if (buffer_.size() == gate::kInlineDataBytesMax) GRANT_CHECK(FlushToStream());
    const size_t size = std::min(part.size(), gate::kInlineDataBytesMax - buffer_.size());
    buffer_.insert(buffer_.end(), part.begin(), part.begin() + static_cast<ptrdiff_t>(size));
    part = part.subspan(size);
  }
  return {};
}

Result<Bytes> SignOperation::Finish() {
  return stream_ ? EndStream() : SignInOneMessage(buffer_);
}

Result<Bytes> SignOperation::Sign(ByteView data) {
  const std::optional<size_t> limit = mechanism_.DataBytesMax(signature_bytes_);
  if (limit && data.size() > *limit) return Fail(CKR_DATA_LEN_RANGE);
  if (data.size() <= gate::kInlineDataBytesMax) return SignInOneMessage(data);
  GRANT_CHECK(Update(data));
  return Finish();
}

Result<gate::SignTarget> SignOperation::TargetOn(Lease& lease) const {
  GRANT_TRY(const uint64_t id, token_->objects.IdOn(lease, key_));
  return gate::SignTarget{token_->name, id, mechanism_.wire, token_->login.secret(),
                          gate_->config().grant};
}

Status SignOperation::FlushToStream() {
  const auto timeout = gate_->config().sign_timeout;
  if (!stream_) {
    GRANT_TRY(Lease lease, gate_->Acquire());
    GRANT_TRY(gate::SignTarget target, TargetOn(lease));
    gate::SignBegin begin{std::move(target)};
    WipeAtEnd wipe(begin.target.secret);
    auto begun = gate_->Ask<gate::SignBegun>(lease, begin, timeout);
    if (!begun) {
      gate_->Release(std::move(lease));
      return tl::make_unexpected(std::move(begun).error());
    }
    stream_ = std::move(lease);
  }
  gate::SignData data{std::move(buffer_)};
  GRANT_CHECK(gate_->Tell(*stream_, data, timeout));
  buffer_ = std::move(data.data);
  buffer_.clear();
  return {};
}

// A request to sign is sent once: grantd may have spent a use for it even where no answer came
// back.
Result<Bytes> SignOperation::SignInOneMessage(ByteView data) {
  GRANT_TRY(Lease lease, gate_->Acquire());
  GRANT_TRY(gate::SignTarget target, TargetOn(lease));
  gate::Sign sign{std::move(target), Bytes(data.begin(), data.end())};
  WipeAtEnd wipe(sign.target.secret);
  auto answer = gate_->Ask<gate::Signature>(lease, sign, gate_->config().sign_timeout);
  gate_->Release(std::move(lease));
  return Checked(std::move(answer));
}

Result<Bytes> SignOperation::EndStream() {
  if (!buffer_.empty()) GRANT_CHECK(FlushToStream());
  auto answer =
      gate_->Ask<gate::Signature>(*stream_, gate::SignEnd{}, gate_->config().sign_timeout);
  gate_->Release(std::move(*stream_));
  stream_.reset();
  return Checked(std::move(answer));
}

// The caller's buffer was measured by the key, so a signature of another length must not reach it.
Result<Bytes> SignOperation::Checked(Result<gate::Signature> answer) const {
  if (!answer) return tl::make_unexpected(std::move(answer).error());
  if (answer->signature.size() != signature_bytes_) {
    return tl::unexpected<Error>(FromBadAnswer(
        {Code::kInvalid, "the signature has the wrong length", {}}, gate_->config().gate));
  }
  return std::move(answer->signature);
}

}  // namespace grant::pkcs11
