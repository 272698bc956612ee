#include "tools/grantctl/interrupt.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace grant::ctl {
namespace {

// Signals belong to a process, so each test tells by the exit code of its own.
int ExitOf(int (*body)()) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(PauseUnlessInterrupted, ReturnsWhenTheTimeIsOver) {
  EXPECT_TRUE(PauseUnlessInterrupted(std::chrono::milliseconds(0)));
  EXPECT_TRUE(PauseUnlessInterrupted(std::chrono::milliseconds(1)));
}

TEST(PauseUnlessInterrupted, NoticesASignalThatCameBetweenTwoCalls) {
  EXPECT_EQ(ExitOf([] {
              if (!PauseUnlessInterrupted(std::chrono::milliseconds(0))) return 1;
              kill(getpid(), SIGINT);
              return PauseUnlessInterrupted(std::chrono::hours(1)) ? 2 : 0;
            }),
            0);
}

TEST(PauseUnlessInterrupted, NoticesTermination) {
  EXPECT_EQ(ExitOf([] {
              if (!PauseUnlessInterrupted(std::chrono::milliseconds(0))) return 1;
              kill(getpid(), SIGTERM);
              return PauseUnlessInterrupted(std::chrono::hours(1)) ? 2 : 0;
            }),
            0);
}

}  // namespace
}  // namespace grant::ctl
