// A use of a governed key in the making: what is to be signed, on its way to grantd, and the word
// that it may be. Not for two threads at once.
#pragma once

#include "grant/bytes.h"
#include "pkcs11/data_stream.h"
#include "pkcs11/wrap/governed_key.h"

namespace grant::pkcs11::wrap {

class Use {
 public:
  // Errors: CKR_MECHANISM_INVALID where the signer does not allow the mechanism.
  static Result<Use> Begin(GateClient& gate, const GovernedKey& key, const CK_MECHANISM& mechanism);

  // Adds to what is to be signed.
  Status Add(ByteView part);
  // Has grantd spend one use for what was added. Where it succeeds, the caller may sign that, once;
  // the next use may be added then.
  Status Spend();
  // Forgets what was added.
  void Reset() { data_.Reset(); }

 private:
  Use(GateClient& gate, gate::SignTarget target)
      : gate_(&gate), target_(std::move(target)), data_(gate) {}
  Status Begin(Lease& lease);

  GateClient* gate_;
  gate::SignTarget target_;
  DataStream data_;
};

}  // namespace grant::pkcs11::wrap
