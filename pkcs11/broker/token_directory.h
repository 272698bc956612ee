// The slots: one for each token of grantd. A slot, once seen, stays; its token comes and goes with
// grantd. Any thread may use it.
#pragma once

#include <mutex>
#include <vector>

#include "pkcs11/broker/token.h"
#include "pkcs11/gate_client.h"

namespace grant::pkcs11 {

class TokenDirectory {
 public:
  explicit TokenDirectory(GateClient& gate);

  // Asks grantd. That it cannot be reached is no error: its slots are then without token, and until
  // it has been reached once there is a single one that says where it was sought.
  Result<std::vector<TokenRef>> Refresh();

  // Refreshes and finds. CKR_SLOT_ID_INVALID where there is no such slot.
  Result<TokenRef> Slot(CK_SLOT_ID slot_id);
  // The same for a slot that must hold its token: CKR_TOKEN_NOT_PRESENT.
  Result<TokenRef> PresentToken(CK_SLOT_ID slot_id);

  // As last seen; grantd is not asked.
  std::vector<TokenRef> known() const;

 private:
  void Adopt(gate::Tokens answer);

  GateClient& gate_;
  mutable std::mutex mutex_;
  std::vector<TokenRef> tokens_;
  bool met_ = false;  // grantd has answered once
};

}  // namespace grant::pkcs11
