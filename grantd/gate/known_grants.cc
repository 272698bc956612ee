#include "grantd/gate/known_grants.h"

namespace grant {
namespace {

// Together a few megabytes.
constexpr size_t kEntriesMax = 256;
constexpr size_t kGrantsMax = 16;  // whoever has more asks the store

}  // namespace

std::vector<Grant> KnownGrants::Find(const std::string& signer, const Principal& holder,
                                     uint64_t generation) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find({signer, holder.text()});
  if (found == entries_.end() || found->second.generation != generation) return {};
  return found->second.grants;
}

void KnownGrants::Keep(const std::string& signer, const Principal& holder, uint64_t generation,
                       std::vector<Grant> grants) {
  const std::scoped_lock lock(mutex_);
  if (grants.size() > kGrantsMax) {
    entries_.erase({signer, holder.text()});
    return;
  }
  // Whoever fills it is not worth an order of eviction.
  if (entries_.size() >= kEntriesMax) entries_.clear();
  entries_.insert_or_assign({signer, holder.text()}, Entry{generation, std::move(grants)});
}

void KnownGrants::Forget(const std::string& signer, const Principal& holder) {
  const std::scoped_lock lock(mutex_);
  entries_.erase({signer, holder.text()});
}

void KnownGrants::CountUse(const std::string& signer, const Principal& holder,
                           const std::string& grant_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find({signer, holder.text()});
  if (found == entries_.end()) return;
  for (Grant& grant : found->second.grants) {
    if (grant.id == grant_id && grant.used < grant.max_signings) ++grant.used;
  }
}

}  // namespace grant
