// How long something took.
#pragma once

#include <chrono>

namespace grant::metrics {

class Stopwatch {
 public:
  std::chrono::nanoseconds Elapsed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace grant::metrics
