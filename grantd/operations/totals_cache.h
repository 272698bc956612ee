// How much there is in the store, without asking it too often.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "grantd/domain/time.h"
#include "grantd/store/store.h"

namespace grant {

// A reading is kept for as long as fifty times what it took, and a second at least: however large
// the store is and however often somebody asks, counting takes no more than a fiftieth of the time
// of one core, on a connection for reading alone. Any thread may call this.
class TotalsCache {
 public:
  // `store` outlives this.
  TotalsCache(Store& store, std::function<Time()> now) : store_(store), now_(std::move(now)) {}

  // Null while the store cannot be read.
  std::shared_ptr<const Totals> Read();

 private:
  Store& store_;
  const std::function<Time()> now_;
  std::mutex mutex_;
  std::shared_ptr<const Totals> totals_;
  std::chrono::steady_clock::time_point stale_at_;
};

}  // namespace grant
