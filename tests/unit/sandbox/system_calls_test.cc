// What a process can still do: each time in a child, since nothing is given back.
#include "grantd/sandbox/system_calls.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <thread>

namespace grant {
namespace {

constexpr int kNoFilter = 99;

// The exit code of a child that keeps only these calls and then does that; 128 and the signal
// where one ended it.
int After(SystemCalls list, const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) _exit(KeepOnly(list) ? act() : kNoFilter);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

constexpr int kKilled = 128 + SIGSYS;

int Execute() {
  char name[] = "true";
  char* const arguments[] = {name, nullptr};
  execv("/bin/true", arguments);
  return errno;
}

int Spawn() {
  char name[] = "true";
  char* const arguments[] = {name, nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, "/bin/true", nullptr, nullptr, arguments, nullptr);
  if (error == 0) waitpid(child, nullptr, 0);
  return error;
}

int MakeSocket() {
  return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

int Trace() {
  return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : errno;
}

int RunThread() {
  int done = 1;
  std::thread([&done] { done = 0; }).join();
  return done;
}

class Kept : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::string(SANITIZED).empty()) GTEST_SKIP() << "sanitizer builds keep everything";
  }
};

TEST_F(Kept, AWorkerStartsNoProgramAndMakesNoSocketAndTracesNobody) {
  EXPECT_EQ(After(SystemCalls::kWorker, Execute), kKilled);
  EXPECT_EQ(After(SystemCalls::kWorker, Spawn), EPERM);
  EXPECT_EQ(After(SystemCalls::kWorker, [] { return fork() < 0 ? errno : 0; }), EPERM);
  EXPECT_EQ(After(SystemCalls::kWorker, MakeSocket), EPERM);
  EXPECT_EQ(After(SystemCalls::kWorker, Trace), kKilled);
}

TEST_F(Kept, AWorkerHasThreadsAndFiles) {
  EXPECT_EQ(After(SystemCalls::kWorker, RunThread), 0);
  EXPECT_EQ(After(SystemCalls::kWorker, [] { return access("/proc/self/exe", R_OK); }), 0);
}

TEST_F(Kept, TheDaemonStartsProgramsAndMakesSocketsAndTracesNobody) {
  EXPECT_EQ(After(SystemCalls::kDaemon, Spawn), 0);
  EXPECT_EQ(After(SystemCalls::kDaemon, MakeSocket), 0);
  EXPECT_EQ(After(SystemCalls::kDaemon, RunThread), 0);
  EXPECT_EQ(After(SystemCalls::kDaemon, Trace), kKilled);
}

TEST_F(Kept, VendorsModulesMayHaveMoreButNoMoreHarm) {
  const auto share = [] {
    const int id = shmget(IPC_PRIVATE, 1, 0600);
    if (id < 0) return errno;
    return shmctl(id, IPC_RMID, nullptr);
  };
  EXPECT_EQ(After(SystemCalls::kDaemon, share), EPERM);
  EXPECT_EQ(After(SystemCalls::kDaemonOfAnyModule, share), 0);
  EXPECT_EQ(After(SystemCalls::kDaemonOfAnyModule, Trace), kKilled);
}

TEST_F(Kept, WhatIsStartedKeepsNoMoreThanWhoStartedIt) {
  EXPECT_EQ(After(SystemCalls::kDaemon,
                  [] {
                    const Status again = KeepOnly(SystemCalls::kWorker);
                    return again ? MakeSocket() : kNoFilter;
                  }),
            EPERM);
}

}  // namespace
}  // namespace grant
