#include "tools/grantctl/interrupt.h"

#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers,hicpp-deprecated-headers): sigtimedwait
#include <time.h>    // NOLINT(modernize-deprecated-headers,hicpp-deprecated-headers): timespec

#include <algorithm>
#include <cerrno>

namespace grant::ctl {

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    struct sigaction action {};
    const bool ignored = sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    if (!ignored) sigaddset(&signals, number);
  }
  return signals;
}

bool PauseUnlessInterrupted(std::chrono::milliseconds limit) {
  const sigset_t signals = EndingSignals();
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
