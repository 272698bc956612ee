#include "grantd/daemon/process.h"

#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <chrono>
#include <ctime>
#include <random>

namespace grant::daemon {

Time Now() {
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

ClockReading ReadClocks() {
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return {std::chrono::system_clock::now().time_since_epoch(),
          std::chrono::seconds(since_boot.tv_sec) + std::chrono::nanoseconds(since_boot.tv_nsec)};
}

IdEntropy Entropy() {
  std::random_device device;
  IdEntropy entropy{};
  for (uint8_t& byte : entropy) byte = static_cast<uint8_t>(device());
  return entropy;
}

Result<SecretEntropy> KernelEntropy() {
  SecretEntropy entropy{};
  // So few bytes come at once or not at all.
  if (getrandom(entropy.data(), entropy.size(), 0) != static_cast<ssize_t>(entropy.size())) {
    return Fail(Code::kUnavailable, "the kernel gives no random bytes", "try again");
  }
  return entropy;
}

sigset_t BlockEndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void KeepMemoryPrivate() {
  constexpr rlimit kNone{0, 0};
  setrlimit(RLIMIT_CORE, &kNone);
  // Where core files are piped to a program, the kernel takes no notice of the limit.
  prctl(PR_SET_DUMPABLE, 0);
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace grant::daemon
