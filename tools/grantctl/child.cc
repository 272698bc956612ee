#include "tools/grantctl/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "tools/grantctl/interrupt.h"

namespace grant::ctl {
namespace {

constexpr int kNotFound = 127;
constexpr int kNotRunnable = 126;

// Becomes the program, or tells through `report` why not.
[[noreturn]] void Become(const std::vector<std::string>& command,
                         const std::map<std::string, std::string>& variables, const sigset_t& held,
                         int report) {
  sigprocmask(SIG_UNBLOCK, &held, nullptr);
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  const int reason = errno;
  (void)!write(report, &reason, sizeof reason);
  _exit(kNotFound);
}

// Why the program does not run; 0 where it does.
int ReadReport(int report) {
  int reason = 0;
  ssize_t got = 0;
  do {
    got = read(report, &reason, sizeof reason);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof reason) ? reason : 0;
}

// The terminal sends its signals to every process in the foreground, the program among them.
bool FromTerminal(const siginfo_t& signal) {
  return signal.si_code == SI_KERNEL;
}

// Nothing where the program has ended and nobody can tell how.
std::optional<int> WaitPassingOnSignals(pid_t child, const sigset_t& held) {
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended < 0 && errno != EINTR) return std::nullopt;
    if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    siginfo_t signal{};
    const int number = sigwaitinfo(&held, &signal);
    if (number > 0 && number != SIGCHLD && !FromTerminal(signal)) kill(child, number);
  }
}

Outcome<int> CannotRun(const std::string& name, int reason) {
  const bool missing = reason == ENOENT;
  return Failed(static_cast<Exit>(missing ? kNotFound : kNotRunnable),
                "cannot run " + name + ": " + std::generic_category().message(reason),
                missing ? "write its path, or put its directory into PATH" : "");
}

}  // namespace

Outcome<int> RunChild(const std::vector<std::string>& command,
                      const std::map<std::string, std::string>& variables) {
  // Whoever started this process may have it ignore its children; then none could be waited for.
  static_cast<void>(signal(SIGCHLD, SIG_DFL));
  sigset_t held = EndingSignals();
  sigaddset(&held, SIGCHLD);
  sigprocmask(SIG_BLOCK, &held, nullptr);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return CannotRun(command.front(), errno);
  const pid_t child = fork();
  if (child == 0) Become(command, variables, held, report[1]);
  const int failed = child < 0 ? errno : 0;
  close(report[1]);
  const int reason = failed != 0 ? failed : ReadReport(report[0]);
  close(report[0]);
  if (child < 0) return CannotRun(command.front(), reason);
  const std::optional<int> code = WaitPassingOnSignals(child, held);
  if (reason != 0) return CannotRun(command.front(), reason);
  if (!code) return Failed(Exit::kFailed, "how " + command.front() + " ended is not known");
  return *code;
}

}  // namespace grant::ctl
