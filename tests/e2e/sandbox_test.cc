// The system calls that grantd and its workers have given up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/e2e/process_memory.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A process that has only just been started may not be there yet.
void ExpectFilters(pid_t process, int filters) {
  const std::string wanted = "Seccomp_filters:\t" + std::to_string(filters) + "\n";
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::string status = ProcFile(process, "status");
  while (status.find(wanted) == std::string::npos && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    status = ProcFile(process, "status");
  }
  EXPECT_THAT(status, HasSubstr(wanted));
}

int FiltersOfThisProcess() {
  const std::string status = ProcFile(getpid(), "status");
  const std::string name = "Seccomp_filters:\t";
  const size_t at = status.find(name);
  return at == std::string::npos ? -1 : std::stoi(status.substr(at + name.size()));
}

class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::string(SANITIZED).empty()) GTEST_SKIP() << "there is none in sanitizer builds";
    base_ = FiltersOfThisProcess();
    if (base_ < 0) GTEST_SKIP() << "the kernel does not tell of filters";
  }

  int base_ = 0;
};

TEST_F(Sandbox, IsOnByDefaultAndStricterForWorkers) {
  World world;
  world.Start();
  ExpectFilters(world.pid(), base_ + 1);
  EXPECT_THAT(ProcFile(world.pid(), "status"), HasSubstr("NoNewPrivs:\t1"));
  const auto workers = ChildrenOf(world.pid());
  ASSERT_FALSE(workers.empty());
  for (const pid_t worker : workers) ExpectFilters(worker, base_ + 2);
}

TEST_F(Sandbox, IsLeftOffForTheWorkersOfOneToken) {
  World world;
  world.ConfigureToken("worker_seccomp = false\n");
  world.Start();
  ExpectFilters(world.pid(), base_ + 1);
  for (const pid_t worker : ChildrenOf(world.pid())) ExpectFilters(worker, base_ + 1);
}

TEST_F(Sandbox, IsLeftOffWhereTheConfigurationSaysSo) {
  World world;
  world.ConfigureSite("seccomp = false\n");
  world.Start();
  ExpectFilters(world.pid(), base_);
  for (const pid_t worker : ChildrenOf(world.pid())) ExpectFilters(worker, base_);
}

}  // namespace
}  // namespace grant::test
