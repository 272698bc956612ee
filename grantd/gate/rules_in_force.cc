#include "grantd/gate/rules_in_force.h"

#include <utility>

namespace grant {

Result<std::shared_ptr<const RulesVersion>> RulesInForce::Get(Tables& tables) {
  GRANT_TRY(const int64_t version, tables.CurrentRulesVersion());
  {
    const std::scoped_lock lock(mutex_);
    if (cached_ && cached_->version == version) return cached_;
  }
  GRANT_TRY(RulesVersion current, tables.CurrentRules());
  auto fresh = std::make_shared<const RulesVersion>(std::move(current));
  const std::scoped_lock lock(mutex_);
  if (!cached_ || cached_->version < fresh->version) cached_ = fresh;
  return fresh;
}

}  // namespace grant
