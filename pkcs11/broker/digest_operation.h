// A digest operation of a session.
#pragma once

#include "grant/cryptoki/mechanism.h"
#include "pkcs11/broker/data_operation.h"

namespace grant::pkcs11 {

// What it asks of grantd, where it is computed.
class DigestCalls {
 public:
  using Outcome = Result<Bytes>;

  DigestCalls(GateClient& gate, const cryptoki::DigestFacts& facts)
      : gate_(&gate), facts_(&facts) {}

  static bool takes_parts() { return true; }
  size_t output_bytes() const { return facts_->digest_bytes; }
  static std::optional<size_t> data_bytes_max() { return {}; }

  Status Begin(Lease& lease);
  Result<Bytes> Whole(Lease& lease, Bytes data);
  Result<Bytes> End(Lease& lease);

 private:
  Result<Bytes> Checked(Result<gate::DigestValue> answer) const;

  GateClient* gate_;
  const cryptoki::DigestFacts* facts_;
};

using DigestOperation = DataOperation<DigestCalls>;

}  // namespace grant::pkcs11
