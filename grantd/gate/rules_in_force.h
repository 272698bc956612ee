// The rules in force, read and parsed again only where the store says that they may have changed.
#pragma once

#include <memory>
#include <mutex>

#include "grantd/store/store.h"

namespace grant {

class RulesInForce {
 public:
  // Any thread may call this.
  Result<std::shared_ptr<const RulesVersion>> Get(Store& store);

 private:
  std::mutex mutex_;
  std::shared_ptr<const RulesVersion> cached_;
  uint64_t generation_ = 0;  // of the store, when they were known to be in force
};

}  // namespace grant
