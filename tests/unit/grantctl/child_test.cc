#include "tools/grantctl/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/unit/grantctl/fake_grantd.h"

namespace grant::ctl {
namespace {

// Signals belong to a process, so each test plays in one of its own and tells by its exit code.
int ExitOf(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int CodeOf(const std::vector<std::string>& command,
           const std::map<std::string, std::string>& variables = {}) {
  return ExitOf([&] {
    const auto code = RunChild(command, variables);
    return code ? *code : static_cast<int>(code.error().exit);
  });
}

TEST(Child, ItsExitCodeAndSignalAreToldAsAShellDoes) {
  EXPECT_EQ(CodeOf({"true"}), 0);
  EXPECT_EQ(CodeOf({"sh", "-c", "exit 42"}), 42);
  EXPECT_EQ(CodeOf({"sh", "-c", "kill -KILL $$"}), 128 + SIGKILL);
}

TEST(Child, SeesTheVariablesAndItsArgumentsAsTheyAre) {
  EXPECT_EQ(
      CodeOf({"sh", "-c", R"(test "$GRANTD_GRANT" = grt_1 && test "$1" = 'a  "b')", "sh", "a  \"b"},
             {{"GRANTD_GRANT", "grt_1"}}),
      0);
}

TEST(Child, WhatCannotBeRunIsSaidWithTheCodeOfAShell) {
  EXPECT_EQ(CodeOf({"no-such-program"}), 127);
  EXPECT_EQ(CodeOf({"/"}), 126);
  EXPECT_EQ(ExitOf([] {
              const auto code = RunChild({"no-such-program"}, {});
              return !code && code.error().message.find("no-such-program") != std::string::npos;
            }),
            1);
}

TEST(Child, StartsWithNoSignalHeldBack) {
  EXPECT_EQ(CodeOf({"sh", "-c", "kill -TERM $$; exit 0"}), 128 + SIGTERM);
}

TEST(Child, AnEndingSignalIsPassedOnAndItsExitAwaited) {
  // The program sends the signal to the process that waits for it, once it is ready for it itself.
  for (const char* name : {"INT", "TERM", "HUP"}) {
    const std::string script = std::string("trap 'exit 7' ") + name + "; kill -" + name +
                               " $PPID; while :; do read -r line <\"$0\"; done";
    const TemporaryDirectory directory;
    EXPECT_EQ(CodeOf({"sh", "-c", script, directory.Write("lines", "x\n")}), 7) << name;
  }
}

TEST(Child, IsAwaitedAlsoByAProcessThatWasStartedToIgnoreItsChildren) {
  EXPECT_EQ(ExitOf([] {
              static_cast<void>(signal(SIGCHLD, SIG_IGN));
              alarm(30);
              const auto code = RunChild({"sh", "-c", "exit 42"}, {});
              return code ? *code : -1;
            }),
            42);
}

TEST(Child, ASignalThatThisProcessIgnoresStaysIgnored) {
  EXPECT_EQ(ExitOf([] {
              static_cast<void>(signal(SIGHUP, SIG_IGN));
              const auto code = RunChild({"sh", "-c", "kill -HUP $PPID; kill -HUP $$; exit 3"}, {});
              return code ? *code : -1;
            }),
            3);
}

}  // namespace
}  // namespace grant::ctl
