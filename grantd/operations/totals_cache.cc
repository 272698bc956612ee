#include "grantd/operations/totals_cache.h"

#include <algorithm>

namespace grant {
namespace {

constexpr int kKeptFactor = 50;
constexpr std::chrono::seconds kKeptLeast{1};

}  // namespace

std::shared_ptr<const Totals> TotalsCache::Read() {
  // Who asks meanwhile waits for this reading, and takes it.
  const std::lock_guard lock(mutex_);
  const auto start = std::chrono::steady_clock::now();
  if (totals_ && start < stale_at_) return totals_;
  auto totals = std::make_shared<Totals>();
  const Status read = store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(*totals, tables.CountTotals(now_()));
    return {};
  });
  totals_ = read ? std::move(totals) : nullptr;
  const auto end = std::chrono::steady_clock::now();
  stale_at_ =
      end + std::max<std::chrono::steady_clock::duration>(kKeptLeast, kKeptFactor * (end - start));
  return totals_;
}

}  // namespace grant
