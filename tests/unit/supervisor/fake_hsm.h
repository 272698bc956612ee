// A backing module that fails as a test wants, and a test's hand on it.
//
// The module has one token "fake" with the PIN 1234, and on it the EC key pair "key" (and "new"
// where `two_keys` is set). It works from a file that the test and all processes of the module map:
// its path is in FAKE_HSM_CONTROL. Its signature is 64 bytes: the number of the process that made
// it, then zeros.
#pragma once

#include <atomic>
#include <cstdint>

namespace grant::test {

inline constexpr const char* kFakeHsmControl = "FAKE_HSM_CONTROL";

// What to do instead of answering, once for each time it is set.
enum class Mishap : uint32_t { kNone, kCrash, kHang, kCrashAlways };

struct FakeHsmControl {
  // Set by the test.
  std::atomic<Mishap> initialize{Mishap::kNone};
  std::atomic<Mishap> login{Mishap::kNone};
  std::atomic<Mishap> sign{Mishap::kNone};
  std::atomic<Mishap> random{Mishap::kNone};
  std::atomic<uint64_t> sign_rv{0};
  std::atomic<bool> absent{false};
  std::atomic<bool> two_keys{false};
  std::atomic<bool> always_authenticate{false};
  std::atomic<bool> hold_signatures{false};  // C_Sign waits as long as it is set
  // Counted by the module.
  std::atomic<uint32_t> starts{0};
  std::atomic<uint32_t> logins{0};
  std::atomic<uint32_t> wrong_logins{0};
  std::atomic<uint32_t> sign_inits{0};
  std::atomic<uint32_t> signing{0};  // that are in C_Sign at this moment
  std::atomic<uint32_t> readings{0};
};

}  // namespace grant::test
