// How long something took, how often.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace grant::metrics {

// Any thread may call these; none waits for another.
class Histogram {
 public:
  // The buckets end at 1, 2, 4, ... 2^24 microseconds (16.8 s); the last one has no end.
  static constexpr size_t kBounds = 25;
  static constexpr std::chrono::microseconds Bound(size_t bucket) {
    return std::chrono::microseconds(int64_t{1} << bucket);
  }

  // What was recorded up to a moment. Recordings under way may be in one member and not yet in the
  // other.
  struct Reading {
    std::array<uint64_t, kBounds + 1> counts{};  // of each bucket alone
    std::chrono::nanoseconds sum{};

    uint64_t count() const;
  };

  void Record(std::chrono::nanoseconds taken);
  Reading Read() const;

 private:
  std::array<std::atomic<uint64_t>, kBounds + 1> counts_{};
  std::atomic<int64_t> sum_ns_{0};
};

}  // namespace grant::metrics
