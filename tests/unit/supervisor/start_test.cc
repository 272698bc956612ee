// What stops grantd at its start, and how workers end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/support/child_process.h"
#include "tests/unit/supervisor/supervised.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

class WorkerStart : public Supervised {
 protected:
  Error ErrorOf() {
    const auto token = TryOpen();
    return token ? Error{Code::kInternal, "no error", {}} : token.error();
  }
};

TEST_F(WorkerStart, AModuleThatCannotBeLoadedIsReported) {
  settings_.module = dir_ / "none.so";
  EXPECT_EQ(ErrorOf().code, Code::kUnavailable);
  EXPECT_THAT(ErrorOf().message, HasSubstr("cannot load the PKCS#11 module: " + settings_.module));
  settings_.module = "libc.so.6";
  EXPECT_EQ(ErrorOf().message, "libc.so.6 is no PKCS#11 module: it has no C_GetFunctionList");
}

TEST_F(WorkerStart, AMissingProgramIsReported) {
  options_.executable = dir_ / "none";
  EXPECT_EQ(ErrorOf().message,
            "there is no program " + dir_ / "none" + " to run PKCS#11 modules in");
  EXPECT_THAT(ErrorOf().hint, HasSubstr("hsm_worker"));
}

TEST_F(WorkerStart, AProgramThatIsNoWorkerLeavesTheTokenAbsent) {
  options_.executable = "/bin/true";
  EXPECT_FALSE(Open()->Describe().present);
}

TEST_F(WorkerStart, TheEndOfATokenIsTheEndOfItsWorkers) {
  auto token = OpenWith(3);
  ASSERT_EQ(WorkerPids().size(), 3U);
  token.reset();
  EXPECT_TRUE(WorkerPids().empty());
  hsm_->initialize = Mishap::kHang;
  settings_.call_timeout = std::chrono::milliseconds(100);
  Open().reset();
  EXPECT_TRUE(WorkerPids().empty()) << "one that hangs in its start is ended, too";
}

TEST_F(WorkerStart, WorkersDoNotOutliveAKilledProcess) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    settings_.workers = 2;
    const auto token = TryOpen();
    while (WorkerPids().size() < 2) usleep(1000);
    const auto pids = WorkerPids();
    static_cast<void>(!write(ends[1], pids.data(), 2 * sizeof(pid_t)));
    pause();
    _exit(0);
  }
  pid_t pids[2] = {};
  ASSERT_EQ(read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  for (const pid_t pid : pids) {
    // Whoever inherits orphans here may not wait for them.
    WaitUntil([pid] {
      return kill(pid, 0) != 0 ||
             test::Run({"grep", "-q", "State:.Z", "/proc/" + std::to_string(pid) + "/status"})
                     .exit_code == 0;
    });
  }
  close(ends[0]);
  close(ends[1]);
}

TEST_F(WorkerStart, SignalsToTheServiceEndNoWorker) {
  const auto token = OpenWith(1);
  const uint64_t key = KeyId(*token);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) kill(WorkerPids().at(0), signal);
  EXPECT_TRUE(SignWith(*token, key));
  EXPECT_EQ(hsm_->starts, 1U);
}

TEST(WorkerProgram, TellsWhoeverStartsItByHand) {
  const Outcome outcome = test::Run({WORKER_PROGRAM});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.output, "grantd-hsm-worker is started by grantd alone\n");
}

}  // namespace
}  // namespace grant::test
