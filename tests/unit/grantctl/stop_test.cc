#include "tools/grantctl/stop.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace grant::ctl {
namespace {

struct Seen {
  bool stopped = false;  // both times
  std::string written;   // when it stood still for the first time
  int exit = -1;         // 0 where `after` was true both times
};

// A process of its own that is to stop twice, as by Ctrl-Z, and is continued each time.
Seen StopTwice(void (*prepare)(), bool (*after)()) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    // A group that nobody could continue would not be stopped.
    setpgid(0, 0);
    dup2(ends[1], STDOUT_FILENO);
    prepare();
    raise(SIGTSTP);
    const bool first = after();
    raise(SIGTSTP);
    _exit(first && after() ? 0 : 1);
  }
  close(ends[1]);
  Seen seen;
  int status = 0;
  for (int stop = 0; stop < 2; ++stop) {
    waitpid(child, &status, WUNTRACED);
    seen.stopped = WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP;
    if (!seen.stopped) break;
    char text[16];
    const ssize_t size = stop == 0 ? read(ends[0], text, sizeof text) : 0;
    if (size > 0) seen.written.assign(text, static_cast<size_t>(size));
    kill(child, SIGCONT);
  }
  if (seen.stopped) waitpid(child, &status, 0);
  close(ends[0]);
  seen.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return seen;
}

TEST(WriteBeforeStops, WritesStopsAndTellsOfItEachTime) {
  const Seen seen =
      StopTwice([] { WriteBeforeStops("parting"); }, [] { return WriteBeforeStops("parting"); });
  EXPECT_TRUE(seen.stopped);
  EXPECT_EQ(seen.written, "parting");
  EXPECT_EQ(seen.exit, 0);
}

TEST(WriteBeforeStops, WhoeverIgnoresStopsGoesOnTo) {
  const Seen seen = StopTwice(
      [] {
        signal(SIGTSTP, SIG_IGN);
        WriteBeforeStops("parting");
      },
      [] { return !WriteBeforeStops("parting"); });
  EXPECT_FALSE(seen.stopped);
  EXPECT_EQ(seen.exit, 0);
}

TEST(WriteBeforeStops, NothingIsWrittenOnceItHasEnded) {
  const Seen seen = StopTwice(
      [] {
        WriteBeforeStops("parting");
        WriteBeforeStops(nullptr);
        [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, "own", 3);
      },
      [] { return true; });
  EXPECT_TRUE(seen.stopped);
  EXPECT_EQ(seen.written, "own");
}

}  // namespace
}  // namespace grant::ctl
