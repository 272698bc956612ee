#include "grantd/supervisor/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "grantd/worker/control.h"

namespace grant {
namespace {

constexpr std::array<std::string_view, 8> kForGrantdAlone = {
    "NOTIFY_SOCKET=",         "LISTEN_FDS=",    "LISTEN_PID=",
    "LISTEN_FDNAMES=",        "WATCHDOG_USEC=", "WATCHDOG_PID=",
    "CREDENTIALS_DIRECTORY=", "GRANT"};

// Which variables a vendor's module reads is known to the vendor alone. None of grantd's holds a
// secret.
std::vector<char*> EnvironmentForModules() {
  std::vector<char*> passed;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view text(*one);
    const bool meant_for_grantd =
        std::any_of(kForGrantdAlone.begin(), kForGrantdAlone.end(),
                    [text](std::string_view name) { return text.starts_with(name); });
    if (!meant_for_grantd) passed.push_back(*one);
  }
  passed.push_back(nullptr);
  return passed;
}

// What is set up between fork and exec.
class SpawnSettings {
 public:
  explicit SpawnSettings(int control) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, control, worker::kControlDescriptor);
    posix_spawn_file_actions_addclosefrom_np(&actions_, worker::kControlDescriptor + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// The C library's own functions for these two are not declared for C++ everywhere yet.
int OpenPidfd(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}
void SignalPidfd(int pidfd, int signal) {
  syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

}  // namespace

Result<std::shared_ptr<WorkerProcess>> WorkerProcess::Spawn(const std::string& executable,
                                                            bool seccomp) {
  GRANT_TRY(auto ends, worker::Channel::MakePair());
  const SpawnSettings settings(ends.second.get());
  std::vector<char*> environment = EnvironmentForModules();
  std::string name = "grantd-hsm-worker";
  std::string without = worker::kWithoutSeccomp;
  std::array<char*, 3> arguments = {name.data(), seccomp ? nullptr : without.data(), nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, executable.c_str(), settings.actions(), settings.attributes(),
                                arguments.data(), environment.data());
  if (error != 0) {
    return Fail(Code::kUnavailable, fmt::format("cannot start {}: {}", executable,
                                                std::generic_category().message(error)));
  }
  std::shared_ptr<WorkerProcess> process(new WorkerProcess(pid, std::move(ends.first)));
  if (!process->pidfd_.open()) {
    return Fail(Code::kUnavailable, "the kernel gives no descriptor of a process: " +
                                        std::generic_category().message(errno));
  }
  return process;
}

WorkerProcess::WorkerProcess(pid_t pid, Descriptor control)
    : pid_(pid), pidfd_(OpenPidfd(pid)), control_(std::move(control)) {}

WorkerProcess::~WorkerProcess() {
  if (waited_) return;
  kill(pid_, SIGKILL);
  Wait();
}

Result<worker::Channel> WorkerProcess::NewChannel(std::chrono::milliseconds time_limit) {
  GRANT_TRY(auto ends, worker::Channel::MakePair());
  if (!worker::SendDescriptor(control_, ends.second)) {
    return Fail(Code::kUnavailable, "its process died");
  }
  return worker::Channel(std::move(ends.first), time_limit);
}

void WorkerProcess::Kill() {
  SignalPidfd(pidfd_.get(), SIGKILL);
}

std::string WorkerProcess::Wait() {
  waited_ = true;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return "is gone";
  }
  if (WIFEXITED(status)) return fmt::format("exited with status {}", WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const char* const name = sigdescr_np(signal);
  return fmt::format("was killed by signal {} ({})", signal, name != nullptr ? name : "unknown");
}

std::string DefaultWorkerExecutable() {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  return (own.parent_path().parent_path() / "libexec/grantd/grantd-hsm-worker").string();
}

}  // namespace grant
