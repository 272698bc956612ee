#include "grantd/gate/rules_in_force.h"

#include <utility>

namespace grant {

Result<std::shared_ptr<const RulesVersion>> RulesInForce::Get(Store& store) {
  const uint64_t generation = store.generation();
  std::shared_ptr<const RulesVersion> known;
  {
    const std::scoped_lock lock(mutex_);
    if (cached_ && generation_ == generation) return cached_;
    known = cached_;
  }
  GRANT_CHECK(store.Read([&known](Tables& tables) -> Status {
    GRANT_TRY(const int64_t version, tables.CurrentRulesVersion());
    if (known && known->version == version) return {};
    GRANT_TRY(RulesVersion current, tables.CurrentRules());
    known = std::make_shared<const RulesVersion>(std::move(current));
    return {};
  }));
  const std::scoped_lock lock(mutex_);
  if (!cached_ || (cached_->version <= known->version && generation_ <= generation)) {
    cached_ = known;
    generation_ = generation;
  }
  return known;
}

}  // namespace grant
