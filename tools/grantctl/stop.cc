#include "tools/grantctl/stop.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers,hicpp-deprecated-headers): sigaction
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace grant::ctl {
namespace {

std::atomic<const char*> last_words = nullptr;
std::atomic<bool> was_stopped = false;
static_assert(std::atomic<const char*>::is_always_lock_free, "a signal handler uses it");

struct sigaction Do(void (*what)(int)) {
  struct sigaction action {};
  action.sa_handler = what;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  return action;
}

// Only what a signal handler may call.
void OnStop(int number) {
  const int error = errno;
  if (const char* text = last_words) {
    // A terminal that takes nothing more is no reason to go on.
    [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, text, strlen(text));
    was_stopped = true;
  }
  // The same signal once more, which stops the process as soon as it is let through, and not at
  // all where nobody could continue it.
  const struct sigaction stop = Do(SIG_DFL);
  const struct sigaction again = Do(OnStop);
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, number);
  sigaction(number, &stop, nullptr);
  static_cast<void>(raise(number));
  pthread_sigmask(SIG_UNBLOCK, &stops, nullptr);
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  sigaction(number, &again, nullptr);
  errno = error;
}

}  // namespace

bool WriteBeforeStops(const char* parting) {
  const bool first = last_words.exchange(parting) == nullptr;
  struct sigaction current {};
  sigaction(SIGTSTP, nullptr, &current);
  if (current.sa_handler != SIG_IGN && (first || parting == nullptr)) {
    const struct sigaction wanted = Do(parting == nullptr ? SIG_DFL : OnStop);
    sigaction(SIGTSTP, &wanted, nullptr);
  }
  return was_stopped.exchange(false);
}

}  // namespace grant::ctl
