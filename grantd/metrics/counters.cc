#include "grantd/metrics/counters.h"

namespace grant::metrics {

void Counters::Increment(const Values& values) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = counts_.find(values); found != counts_.end()) {
    ++found->second;
  } else if (counts_.size() < kSeriesMax) {
    counts_.emplace(values, 1);
  } else {
    ++counts_[Values(values.size(), "other")];
  }
}

std::map<Counters::Values, uint64_t> Counters::Read() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

}  // namespace grant::metrics
