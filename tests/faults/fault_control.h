// What a test and the shim in grantd share: a small file that both map.
#pragma once

#include <atomic>
#include <cstdint>

namespace grant::test {

// The variable that names the file.
inline constexpr const char* kFaultsVariable = "GRANT_TEST_FAULTS";

struct FaultControl {
  std::atomic<int64_t> clock_offset_ms;
  // Error numbers for calls on the database and its log; 0: none.
  std::atomic<int> read_error;
  std::atomic<int> write_error;
  std::atomic<int> sync_error;
};

}  // namespace grant::test
