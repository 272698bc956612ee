// What a caller may look at: the tokens, what is on them, and whose a key is. Nothing of it is in
// the audit, for nothing is asked of a key.
#pragma once

#include <vector>

#include "grant/gate/protocol.h"
#include "grantd/gate/key_directory.h"
#include "grantd/gate/rules_in_force.h"
#include "grantd/store/store.h"

namespace grant {

// Any thread may call these.
class Inventory {
 public:
  Inventory(Store& store, KeyDirectory& keys) : store_(store), keys_(keys) {}

  uint64_t run() const { return keys_.run(); }
  // Without those that were never seen: a slot keeps its number as long as a caller knows it.
  std::vector<gate::TokenRecord> Tokens();
  tl::expected<gate::Objects, gate::Refused> Objects(const gate::GetObjects& wanted);
  // Which signer governs a key that the caller sees on a token of its own. Refused where that
  // cannot be known.
  tl::expected<gate::KeyIdentified, gate::Refused> Identify(const gate::IdentifyKey& seen);

 private:
  tl::expected<std::shared_ptr<const RulesVersion>, gate::Refused> Rules();

  Store& store_;
  KeyDirectory& keys_;
  RulesInForce rules_;
};

}  // namespace grant
