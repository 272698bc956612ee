// The rules in force, parsed once a version. Each signature asks the store which version that is,
// so that none is made under rules that are not in force any more.
#pragma once

#include <memory>
#include <mutex>

#include "grantd/store/tables.h"

namespace grant {

class RulesInForce {
 public:
  // Any thread may call this, within a read or a write of the store.
  Result<std::shared_ptr<const RulesVersion>> Get(Tables& tables);

 private:
  std::mutex mutex_;
  std::shared_ptr<const RulesVersion> cached_;
};

}  // namespace grant
