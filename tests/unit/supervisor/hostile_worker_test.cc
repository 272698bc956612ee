// A worker is trusted less than grantd: one that answers nonsense is ended, and nobody waits for
// it.
#include <gtest/gtest.h>

#include "tests/unit/supervisor/supervised.h"

namespace grant::test {
namespace {

class HostileWorker : public Supervised, public ::testing::WithParamInterface<const char*> {};

TEST_P(HostileWorker, IsEndedAndItsAnswerIsNone) {
  setenv("HOSTILE_WORKER", GetParam(), 1);
  options_.executable = HOSTILE_WORKER_PROGRAM;
  options_.restarts = {std::chrono::minutes(10), std::chrono::minutes(10)};
  settings_.workers = 1;
  const auto token = Open();
  const auto failed = SignWith(*token, 1);
  ASSERT_FALSE(failed);
  EXPECT_FALSE(failed.error().answered) << "whatever it says, it may have signed";
  EXPECT_FALSE(failed.error().reason.empty());
  WaitUntil([] { return WorkerPids().empty(); });
  EXPECT_FALSE(token->Describe().present);
}

INSTANTIATE_TEST_SUITE_P(All, HostileWorker,
                         ::testing::Values("garbage", "oversized", "cut short", "wrong kind",
                                           "left over", "unprintable", "no function", "talks twice",
                                           "asks for the PIN"));

}  // namespace
}  // namespace grant::test
