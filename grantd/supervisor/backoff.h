// How long to wait before the next try.
#pragma once

#include <chrono>
#include <random>

namespace grant {

struct BackoffLimits {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds longest{30'000};
};

// Doubles from try to try, with a random half, so that what failed together is not tried together.
class Backoff {
 public:
  Backoff(BackoffLimits limits, uint32_t seed)
      : limits_(limits), next_(limits.first), random_(seed) {}

  std::chrono::milliseconds Next();
  void Reset() { next_ = limits_.first; }

 private:
  const BackoffLimits limits_;
  std::chrono::milliseconds next_;
  std::minstd_rand random_;
};

}  // namespace grant
