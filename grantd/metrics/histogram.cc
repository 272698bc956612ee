#include "grantd/metrics/histogram.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace grant::metrics {
namespace {

// The first bucket whose bound is not below `taken`.
size_t BucketOf(std::chrono::nanoseconds taken) {
  const auto whole = std::chrono::ceil<std::chrono::microseconds>(taken).count();
  if (whole <= 1) return 0;
  const auto bucket = static_cast<size_t>(std::bit_width(static_cast<uint64_t>(whole) - 1));
  return std::min(bucket, Histogram::kBounds);
}

}  // namespace

uint64_t Histogram::Reading::count() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

void Histogram::Record(std::chrono::nanoseconds taken) {
  counts_[BucketOf(taken)].fetch_add(1, std::memory_order_relaxed);
  sum_ns_.fetch_add(taken.count(), std::memory_order_relaxed);
}

Histogram::Reading Histogram::Read() const {
  Reading reading;
  for (size_t i = 0; i < counts_.size(); ++i) {
    reading.counts[i] = counts_[i].load(std::memory_order_relaxed);
  }
  reading.sum = std::chrono::nanoseconds(sum_ns_.load(std::memory_order_relaxed));
  return reading;
}

}  // namespace grant::metrics
