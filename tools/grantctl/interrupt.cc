#include "tools/grantctl/interrupt.h"

#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers,hicpp-deprecated-headers): sigtimedwait
#include <time.h>    // NOLINT(modernize-deprecated-headers,hicpp-deprecated-headers): timespec

#include <algorithm>
#include <cerrno>

namespace grant::ctl {

bool PauseUnlessInterrupted(std::chrono::milliseconds limit) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto end = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto left = std::max<std::chrono::nanoseconds>(end - std::chrono::steady_clock::now(),
                                                         std::chrono::nanoseconds(0));
    timespec span{};
    span.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000);
    span.tv_nsec = static_cast<long>(left.count() % 1'000'000'000);
    if (sigtimedwait(&signals, nullptr, &span) > 0) return false;
    // A stop and continue (Ctrl-Z, fg) interrupts the wait without being what it waits for.
    if (errno != EINTR) return true;
  }
}

}  // namespace grant::ctl
