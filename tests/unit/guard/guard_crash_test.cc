// kill -9 at any moment is no reason for an alarm.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/unit/guard/guard_fixture.h"

namespace grant {
namespace {

constexpr int kCycles = 25;
constexpr int kWriters = 3;

ClockReading SystemClocks() {
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return {std::chrono::system_clock::now().time_since_epoch(),
          std::chrono::seconds(since_boot.tv_sec) + std::chrono::nanoseconds(since_boot.tv_nsec)};
}

// Writes on some threads, and says each entry's number to `pipe`, until it is killed. Whether there
// is an alarm at the start is said first.
[[noreturn]] void WriteForever(const std::string& dir, int pipe) {
  spdlog::set_level(spdlog::level::off);
  OneRun run(dir + "/state", dir + "/mark", SystemClocks);
  const int64_t first = run.begun && !run.guard.Alarm() ? 0 : -1;
  if (write(pipe, &first, sizeof(first)) != sizeof(first)) _exit(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([&run, pipe] {
      for (;;) {
        int64_t number = 0;
        const Status written = run.store->Write([&number](Tables& tables) -> Status {
          GRANT_TRY(number, tables.AppendAudit(SomeEvent(SystemClocks().time())));
          return {};
        });
        if (!written || write(pipe, &number, sizeof(number)) != sizeof(number)) _exit(1);
      }
    });
  }
  for (;;) run.guard.Maintain(*run.store);
}

TEST(GuardCrash, KillAtAnyMomentRaisesNoAlarmAndTheMarkIsNeverBehindWhatWasAnswered) {
  test::TempDir dir;
  int64_t answered = 0;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) WriteForever(dir.path(), ends[1]);
    close(ends[1]);
    int64_t number = -1;
    ASSERT_EQ(read(ends[0], &number, sizeof(number)), static_cast<ssize_t>(sizeof(number)));
    EXPECT_EQ(number, 0) << "an alarm after kill " << cycle;
    // After another number of answers each time, the first of them at once.
    for (int i = 0; i < cycle; ++i) {
      if (read(ends[0], &number, sizeof(number)) == sizeof(number)) {
        answered = std::max(answered, number);
      }
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ends[0]);
    const auto file = MarkFile::Open(dir / "mark").value();
    ASSERT_TRUE(file && file->mark());
    EXPECT_GE(file->mark()->head.number, answered);
  }
}

}  // namespace
}  // namespace grant
