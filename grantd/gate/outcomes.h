// The outcome of signatures that were delivered, on its way into the store: each is recorded with
// the next use's commit, so that a signature costs one.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "grantd/domain/time.h"
#include "grantd/store/store.h"

namespace grant {

// Any thread may call these.
class Outcomes {
 public:
  Outcomes(Store& store, std::function<Time()> clock) : store_(store), clock_(std::move(clock)) {}

  // Uses whose signature was delivered, or whose outcome could not be recorded after all.
  void Add(const std::vector<int64_t>& uses);
  // What was added. Whoever takes it records it, or adds it again.
  std::vector<int64_t> Take();
  // Part of a transaction: records them as signed.
  static Status Record(Tables& tables, const std::vector<int64_t>& uses);

  Status Flush();
  Result<size_t> RecoverUnsettled();

 private:
  Store& store_;
  std::function<Time()> clock_;
  std::mutex mutex_;
  std::vector<int64_t> delivered_;
};

}  // namespace grant
