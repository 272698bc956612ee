// The trace of grantd_with_failpoints, read back; failpoint_handler.h says what a line holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace grant::test {

struct TraceLine {
  int64_t at = 0;  // nanoseconds of the monotonic clock
  int64_t thread = 0;
  std::string point;
  int64_t use = 0;      // 0: not known
  std::string subject;  // empty: not known
};

// Empty where there is no such file. A line that was cut off is left out.
std::vector<TraceLine> ReadTrace(const std::string& path);

}  // namespace grant::test
