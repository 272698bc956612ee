#include "grantd/notify/retry.h"

#include <algorithm>

namespace grant {
namespace {

constexpr int64_t kJitterPart = 5;

}  // namespace

Duration RetryDelay(const RetrySettings& retry, uint32_t failed_attempts, double jitter) {
  Duration delay = std::min(retry.first, retry.longest);
  for (uint32_t i = 1; i < failed_attempts && delay < retry.longest; ++i) {
    delay = std::min(delay * 2, retry.longest);
  }
  const double less = std::clamp(jitter, 0.0, 1.0) * static_cast<double>(delay.count()) /
                      static_cast<double>(kJitterPart);
  return delay - Duration(static_cast<int64_t>(less));
}

}  // namespace grant
