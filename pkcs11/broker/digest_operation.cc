#include "pkcs11/broker/digest_operation.h"

#include <utility>

namespace grant::pkcs11 {

Status DigestCalls::Begin(Lease& lease) {
  GRANT_CHECK(gate_->Ask<gate::Begun>(lease, gate::DigestBegin{facts_->type},
                                      gate_->config().sign_timeout));
  return {};
}

Result<Bytes> DigestCalls::Whole(Lease& lease, Bytes data) {
  const gate::Digest digest{facts_->type, std::move(data)};
  return Checked(gate_->Ask<gate::DigestValue>(lease, digest, gate_->config().sign_timeout));
}

Result<Bytes> DigestCalls::End(Lease& lease) {
  return Checked(
      gate_->Ask<gate::DigestValue>(lease, gate::DigestEnd{}, gate_->config().sign_timeout));
}

Result<Bytes> DigestCalls::Checked(Result<gate::DigestValue> answer) const {
  if (!answer) return tl::make_unexpected(std::move(answer).error());
  return gate_->CheckLength(std::move(answer->value), facts_->digest_bytes);
}

}  // namespace grant::pkcs11
