#include "grantd/sandbox/system_calls.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include <cerrno>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <system_error>

namespace grant {
namespace {

// clang-format off: one line each would fill screens.
constexpr const char* kForEverybody[] = {
    // Files.
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev",
    "pwritev2", "lseek", "open", "openat", "openat2", "creat", "close", "close_range", "stat",
    "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat",
    "faccessat2", "readlink", "readlinkat", "getcwd", "chdir", "fchdir", "getdents", "getdents64",
    "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link",
    "linkat", "symlink", "symlinkat", "truncate", "ftruncate", "fallocate", "fadvise64",
    "readahead", "fsync", "fdatasync", "sync_file_range", "syncfs", "flock", "fcntl", "ioctl",
    "dup", "dup2", "dup3", "pipe", "pipe2", "umask", "chmod", "fchmod", "fchmodat", "chown",
    "lchown", "fchown", "fchownat", "utime", "utimes", "utimensat", "futimesat", "copy_file_range",
    "sendfile", "getxattr", "fgetxattr", "lgetxattr", "inotify_init1", "inotify_add_watch",
    "inotify_rm_watch",
    // Memory.
    "brk", "mmap", "munmap", "mprotect", "mremap", "madvise", "mincore", "msync", "mlock", "mlock2",
    "munlock", "memfd_create", "membarrier",
    // Threads and time.
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "set_tid_address", "rseq",
    "arch_prctl", "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "getcpu", "nanosleep", "clock_nanosleep",
    "clock_gettime", "clock_getres", "gettimeofday", "time", "times", "timer_create",
    "timer_settime", "timer_gettime", "timer_delete", "setitimer", "getitimer", "alarm",
    "timerfd_create", "timerfd_settime", "timerfd_gettime",
    // Waiting.
    "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "signalfd4",
    // Signals, and the process itself.
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "rt_sigpending",
    "rt_sigsuspend", "rt_sigqueueinfo", "sigaltstack", "tgkill", "pause", "restart_syscall", "exit",
    "exit_group", "getpid", "gettid", "getppid", "getpgid", "getpgrp", "getsid", "getuid",
    "geteuid", "getgid", "getegid", "getgroups", "getresuid", "getresgid", "getrusage", "getrlimit",
    "getpriority", "prlimit64", "prctl", "capget", "uname", "sysinfo", "getrandom",
    // Sockets that are open.
    "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg", "shutdown", "getsockname",
    "getpeername", "getsockopt", "setsockopt", "socketpair"};

constexpr const char* kForTheDaemon[] = {"socket", "connect", "bind", "listen", "accept", "accept4",
                                         // Workers, and the filter that they put on.
                                         "execve", "vfork", "wait4", "waitid", "kill", "pidfd_open",
                                         "pidfd_send_signal", "setpgid", "setrlimit", "seccomp"};

constexpr const char* kForAnyModule[] = {"fork",
                                         "shmget",
                                         "shmat",
                                         "shmdt",
                                         "shmctl",
                                         "semget",
                                         "semop",
                                         "semtimedop",
                                         "semctl",
                                         "msgget",
                                         "msgsnd",
                                         "msgrcv",
                                         "msgctl",
                                         "mq_open",
                                         "mq_unlink",
                                         "mq_timedsend",
                                         "mq_timedreceive",
                                         "mq_notify",
                                         "mq_getsetattr",
                                         "setsid",
                                         "tkill",
                                         "mlockall",
                                         "munlockall",
                                         "sched_setaffinity",
                                         "sched_setscheduler",
                                         "sched_setparam",
                                         "setpriority",
                                         "mbind",
                                         "get_mempolicy",
                                         "set_mempolicy",
                                         "setxattr",
                                         "fsetxattr",
                                         "listxattr",
                                         "flistxattr"};

// Whoever asks for one of these here means harm.
constexpr const char* kDeadly[] = {"ptrace",
                                   "process_vm_readv",
                                   "process_vm_writev",
                                   "process_madvise",
                                   "pidfd_getfd",
                                   "kcmp",
                                   "bpf",
                                   "perf_event_open",
                                   "userfaultfd",
                                   "init_module",
                                   "finit_module",
                                   "delete_module",
                                   "kexec_load",
                                   "kexec_file_load",
                                   "mount",
                                   "umount2",
                                   "move_mount",
                                   "open_tree",
                                   "fsopen",
                                   "fsmount",
                                   "pivot_root",
                                   "chroot",
                                   "setns",
                                   "unshare",
                                   "reboot",
                                   "swapon",
                                   "swapoff",
                                   "iopl",
                                   "ioperm",
                                   "io_uring_setup",
                                   "execveat"};

// clang-format on
class Filter {
 public:
  explicit Filter(scmp_filter_ctx context) : context_(context, seccomp_release) {}

  explicit operator bool() const { return context_ != nullptr; }
  int error() const { return error_; }

  // A name that this machine's kernels never had needs no rule.
  void Add(uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> conditions = {}) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number < 0 || error_ != 0) return;
    error_ = seccomp_rule_add_array(context_.get(), action, number,
                                    static_cast<unsigned>(conditions.size()), conditions.begin());
  }
  void AddAll(uint32_t action, std::span<const char* const> names) {
    for (const char* name : names) Add(action, name);
  }
  void Set(scmp_filter_attr attribute, uint32_t value) {
    // What an older kernel lacks of these makes the filter no weaker.
    static_cast<void>(seccomp_attr_set(context_.get(), attribute, value));
  }
  void Load() {
    if (error_ == 0) error_ = seccomp_load(context_.get());
  }

 private:
  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int error_ = 0;
};

void AddThreadsAndProcesses(Filter& filter, bool processes) {
  // Its flags are in memory, where a filter cannot look; without it the C library takes clone().
  filter.Add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
  constexpr scmp_datum_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                       CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  if (processes) {
    filter.Add(SCMP_ACT_ALLOW, "clone", {SCMP_A0(SCMP_CMP_MASKED_EQ, kNamespaces, 0)});
  } else {
    filter.Add(SCMP_ACT_ALLOW, "clone", {SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)});
  }
}

#ifdef GRANT_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

Status KeepOnly(SystemCalls list) {
  if (kSanitized) return {};
  Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return Fail(Code::kUnavailable, "cannot make a seccomp filter");
  constexpr uint32_t kBinaryTree = 2;
  filter.Set(SCMP_FLTATR_CTL_OPTIMIZE, kBinaryTree);
  filter.Set(SCMP_FLTATR_CTL_LOG, 1);
  filter.AddAll(SCMP_ACT_ALLOW, kForEverybody);
  filter.AddAll(SCMP_ACT_KILL_PROCESS, kDeadly);
  AddThreadsAndProcesses(filter, list != SystemCalls::kWorker);
  if (list == SystemCalls::kWorker) {
    filter.Add(SCMP_ACT_KILL_PROCESS, "execve");
  } else {
    filter.AddAll(SCMP_ACT_ALLOW, kForTheDaemon);
  }
  if (list == SystemCalls::kDaemonOfAnyModule) filter.AddAll(SCMP_ACT_ALLOW, kForAnyModule);
  filter.Load();
  if (filter.error() == 0) return {};
  return Fail(
      Code::kUnavailable,
      "the kernel takes no seccomp filter: " + std::generic_category().message(-filter.error()),
      "seccomp = false in grantd.toml does without");
}

}  // namespace grant
