#include "grantd/supervisor/backoff.h"

#include <algorithm>

namespace grant {

std::chrono::milliseconds Backoff::Next() {
  const auto whole = next_;
  next_ = std::min(2 * next_, limits_.longest);
  return whole / 2 + std::chrono::milliseconds(std::uniform_int_distribution<int64_t>(
                         0, (whole - whole / 2).count())(random_));
}

}  // namespace grant
