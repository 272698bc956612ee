// What was acknowledged is there after grantd was killed.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "grantd/store/audit_chain.h"
#include "grantd/store/store.h"
#include "store_testing.h"

namespace grant {
namespace {

constexpr int kWriters = 4;

// Spends uses on four threads and says each acknowledged entry's number to `pipe`, until it is
// killed.
[[noreturn]] void WriteForever(const std::string& state_dir, int pipe) {
  auto store = Must(OpenSqliteStore(state_dir));
  std::vector<std::thread> threads;
  threads.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([&store, pipe] {
      for (;;) {
        int64_t number = 0;
        Must(store->Write([&number](Tables& tables) -> Status {
          GRANT_TRY(const bool spent, tables.SpendUse(GrantId(1), At(1500)));
          if (!spent) return Fail(Code::kConflict, "used up");
          GRANT_TRY(number, tables.AppendAudit(SomeEvent(GrantId(1))));
          return {};
        }));
        if (write(pipe, &number, sizeof(number)) != sizeof(number)) _exit(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  _exit(0);
}

// Lets a child write until it has acknowledged `count` writes, kills it, and returns all that it
// acknowledged.
std::set<int64_t> KillAWriter(const std::string& state_dir, size_t count) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    WriteForever(state_dir, ends[1]);
  }
  close(ends[1]);
  std::set<int64_t> acknowledged;
  int64_t number = 0;
  bool killed = false;
  while (read(ends[0], &number, sizeof(number)) == sizeof(number)) {
    acknowledged.insert(number);
    if (acknowledged.size() < count || killed) continue;
    kill(child, SIGKILL);
    killed = true;
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(killed);
  EXPECT_TRUE(WIFSIGNALED(status));
  return acknowledged;
}

TEST(Crash, WhatWasAcknowledgedIsThere) {
  TempDir directory;
  Grant grant = SomeGrant(1);
  grant.max_signings = 1'000'000;
  Must(Must(OpenSqliteStore(directory.path()))->Write([&grant](Tables& tables) -> Status {
    Issue(tables, grant);
    return {};
  }));
  int64_t last = 0;
  for (size_t count : {1U, 50U, 333U}) {
    const std::set<int64_t> acknowledged = KillAWriter(directory.path(), count);
    auto store = Must(OpenSqliteStore(directory.path()));
    Must(store->Read([&](Tables& tables) -> Status {
      const ChainReport report = Must(VerifyChain(tables));
      EXPECT_EQ(report.fault, std::nullopt);
      EXPECT_GE(report.entries, *acknowledged.rbegin());
      EXPECT_GT(*acknowledged.begin(), last);
      // The use and its entry were written together or not at all.
      EXPECT_EQ(Must(tables.FindGrant(grant.id))->used, report.entries);
      last = report.entries;
      return {};
    }));
  }
}

}  // namespace
}  // namespace grant
