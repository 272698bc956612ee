// The protocol of a use, checked by spin: it keeps its promises in every order of events, and
// grantd does what the model does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <thread>

#include "tests/e2e/world.h"
#include "tests/model/replay.h"
#include "tests/model/spin.h"

namespace grant::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kGrant[] = "grt_1";
constexpr char kEndOfTrace[] = "0";  // the assertion at the end of a trace: assert(false)

class Model : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasSpin()) GTEST_SKIP() << "spin or a C compiler is not installed";
  }
};

TEST_F(Model, TwoCallsForOneUseWithCrashesAndFailingCommits) {
  const Verdict verdict =
      Search({{"ATTEMPTS", "2"}, {"COUNT", "1"}, {"CRASHES", "2"}, {"FAILURES", "1"}});
  EXPECT_FALSE(verdict.violated) << verdict.output;
}

TEST_F(Model, ThreeCallsForTwoUses) {
  const Verdict verdict =
      Search({{"ATTEMPTS", "3"}, {"COUNT", "2"}, {"CRASHES", "0"}, {"FAILURES", "0"}});
  EXPECT_FALSE(verdict.violated) << verdict.output;
}

struct Missing {
  const char* precaution;
  const char* assertion;
};

class ModelWithout : public testing::TestWithParam<Missing> {};

TEST_P(ModelWithout, BreaksAPromise) {
  if (!HasSpin()) GTEST_SKIP() << "spin or a C compiler is not installed";
  const Verdict verdict = Search({{"ATTEMPTS", "2"}, {"COUNT", "1"}, {GetParam().precaution, ""}});
  EXPECT_THAT(verdict.assertion, HasSubstr(GetParam().assertion)) << verdict.output;
}

INSTANTIATE_TEST_SUITE_P(
    OnePrecaution, ModelWithout,
    testing::Values(Missing{"DELIVER_EARLY", "outcome[i]"}, Missing{"NO_SECOND_LOOK", "used"},
                    Missing{"NO_WITHDRAWAL", "acknowledged"}, Missing{"NO_WAIT", "acknowledged"},
                    Missing{"RETURN_UNKNOWN", "deliveries"}, Missing{"NO_RECOVERY", "outcome[i]"}),
    [](const auto& parameter) { return parameter.param.precaution; });

std::vector<TraceLine> Trace(const std::vector<std::pair<std::string, int64_t>>& points) {
  std::vector<TraceLine> trace;
  for (const auto& [point, use] : points) trace.push_back({0, 0, point, use, kGrant});
  return trace;
}

bool Follows(const std::vector<TraceLine>& trace, const std::string& grant_id, int count) {
  const Replay replay = MakeReplay(trace, grant_id, count);
  return Search(replay.definitions, replay.trace).assertion == kEndOfTrace;
}

TEST_F(Model, FollowsATraceThatGrantdMayLeave) {
  EXPECT_TRUE(Follows(Trace({{"start", 0},
                             {"spend.counted", 5},
                             {"spend.committed", 5},
                             {"reply.before", 5},
                             {"start", 0},
                             {"recover.recorded", 5},
                             {"spend.counted", 8},
                             {"spend.committed", 8},
                             {"reply.before", 8},
                             {"reply.after", 8},
                             {"settle.recorded", 8}}),
                      kGrant, 2));
}

struct Impossible {
  const char* name;
  int count;  // of the grant
  std::vector<std::pair<std::string, int64_t>> points;
};

class ModelRefuses : public testing::TestWithParam<Impossible> {};

TEST_P(ModelRefuses, ToFollow) {
  if (!HasSpin()) GTEST_SKIP() << "spin or a C compiler is not installed";
  EXPECT_FALSE(Follows(Trace(GetParam().points), kGrant, GetParam().count));
}

INSTANTIATE_TEST_SUITE_P(
    ATrace, ModelRefuses,
    testing::Values(
        Impossible{"ThatDeliversBeforeTheCommit",
                   1,
                   {{"spend.counted", 5}, {"reply.before", 5}, {"spend.committed", 5}}},
        Impossible{"ThatCountsOneUseTooMany",
                   1,
                   {{"spend.counted", 5}, {"spend.committed", 5}, {"spend.counted", 6}}},
        Impossible{"ThatDeliversAfterTheRevocation",
                   1,
                   {{"spend.counted", 5},
                    {"spend.committed", 5},
                    {"revoke.recorded", 0},
                    {"revoke.committed", 0},
                    {"revoke.withdrawn", 0},
                    {"reply.before", 5}}},
        Impossible{
            "ThatForgetsAUse",
            2,
            {{"spend.counted", 5}, {"spend.committed", 5}, {"start", 0}, {"spend.counted", 8}}}),
    [](const auto& parameter) { return parameter.param.name; });

// grantd signs for three hosts at once, is killed in the middle of it twice, signs on, and is told
// to revoke.
TEST_F(Model, FollowsARealTrace) {
  constexpr int kSignings = 24;
  World world;
  const std::string path = world.directory() / "trace";
  world.UseDaemon(GRANTD_WITH_FAILPOINTS_PROGRAM);
  world.Start({{"FAILPOINT_TRACE", path}});
  world.ApplyRules({PrincipalOf(geteuid())});
  const std::string grant = world.Grant(kSignings);
  const auto sign_with_three_hosts = [&world] {
    std::vector<std::future<void>> signers;
    for (int i = 0; i < 3; ++i) {
      signers.push_back(std::async(std::launch::async, [host = world.NewHost()] {
        if (host->Do("find release-key") != "CKR_OK") return;
        for (int n = 0; n < 3; ++n) host->Do("sign ECDSA hex:" + std::string(64, 'a'));
      }));
    }
    for (auto& signer : signers) signer.get();
  };
  sign_with_three_hosts();
  world.Kill();
  for (const char* point : {"spend.counted 2", "reply.before 3"}) {
    world.Start({{"FAILPOINT_TRACE", path}, {"FAILPOINT_KILL", point}});
    // The token may not be there yet.
    while (!world.IsKilledWithin(std::chrono::milliseconds(10))) sign_with_three_hosts();
  }
  world.Start({{"FAILPOINT_TRACE", path}});
  auto signing = std::async(std::launch::async, sign_with_three_hosts);
  world.CtlJson({"grant", "revoke", grant, "--reason", "test"});
  signing.get();
  world.Kill();

  const std::vector<TraceLine> trace = ReadTrace(path);
  const Replay replay = MakeReplay(trace, grant, kSignings);
  EXPECT_GE(replay.attempts, 10);
  const Verdict verdict = Search(replay.definitions, replay.trace);
  EXPECT_EQ(verdict.assertion, kEndOfTrace) << replay.trace << verdict.output;
}

}  // namespace
}  // namespace grant::test
