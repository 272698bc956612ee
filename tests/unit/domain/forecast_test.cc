#include "grantd/domain/forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"
#include "tests/unit/domain/zones.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Principal> Members(const Principal& group) {
  if (group == P("unix-group:sec")) return Ps({"unix:carol", "unix:erin", "unix:ci"});
  return {};
}

class ForecastTest : public testing::Test {
 protected:
  ForecastTest() {
    rules_.users = {{P("unix:ci"), UserKind::kMachine, ""}};
    rules_.signers[0].users.push_back(P("unix:ci"));
    rules_.groups[0].members = Ps({"unix:bob", "unix:carol", "unix-group:sec"});
    rules_.policies[0].steps = {
        {"Security", Ps({"group:security", "unix-group:sec", "unix:alice"}), 2, false},
        {"Release", Ps({"unix-group:lost", "unix:eve"}), 1, false}};
  }

  Forecast Ask(const std::string& who) { return Foresee(wish_, rules_, Who(who), now_, lookups_); }

  Rules rules_ = MakeRules();
  Wish wish_ = [] {
    Wish wish = MakeWish();
    wish.justification.clear();
    return wish;
  }();
  Time now_ = When("2026-11-21T11:00:00Z");
  ForecastLookups lookups_{Members, TestZone, Ps({"unix:eve"})};
};

TEST_F(ForecastTest, NamesEverybodyWhoCouldApproveAndHowTheyAreReached) {
  const Forecast forecast = Ask("unix:alice");
  EXPECT_FALSE(forecast.refusal);
  EXPECT_STREQ(forecast.outcome(), "needs-approval");
  EXPECT_EQ(forecast.expires_at, now_ + std::chrono::hours(24));
  ASSERT_EQ(forecast.steps.size(), 2U);
  const StepForecast& security = forecast.steps[0];
  EXPECT_EQ(security.name, "Security");
  EXPECT_EQ(security.required, 2U);
  EXPECT_THAT(
      security.approvers,
      ElementsAre(Reached{P("unix:bob"), {"group:security"}},
                  Reached{P("unix:carol"),
                          {"group:security", "group:security, unix-group:sec", "unix-group:sec"}},
                  Reached{P("unix:erin"), {"group:security, unix-group:sec", "unix-group:sec"}},
                  Reached{P("unix:alice"), {"unix:alice"}}));
  EXPECT_THAT(security.left_out, ElementsAre(LeftOut{P("unix:ci"), LeftOutBecause::kMachine}));
  const StepForecast& release = forecast.steps[1];
  EXPECT_THAT(release.approvers, IsEmpty());
  EXPECT_THAT(release.left_out, ElementsAre(LeftOut{P("unix:eve"), LeftOutBecause::kAuditor}));
  EXPECT_THAT(release.unknown, ElementsAre(P("unix-group:lost")));
}

TEST_F(ForecastTest, LeavesOutTheRequesterWhereThePolicyIsAgainstSelfApproval) {
  rules_.policies[0].self_approval = false;
  EXPECT_THAT(Ask("unix:alice").steps[0].left_out,
              testing::Contains(LeftOut{P("unix:alice"), LeftOutBecause::kSelfApproval}));
}

TEST_F(ForecastTest, SaysWhereAStepCannotBeCompletedForThisRequester) {
  rules_.policies[0].self_approval = false;
  rules_.policies[0].steps = {{"Own", Ps({"unix:alice"}), 1, false}};
  const Forecast forecast = Ask("unix:alice");
  EXPECT_FALSE(forecast.refusal);
  EXPECT_STREQ(forecast.outcome(), "never-approved");
}

TEST_F(ForecastTest, RefusesAsFilingWould) {
  wish_.signings = 11;
  const Forecast forecast = Ask("unix:alice");
  ASSERT_TRUE(forecast.refusal);
  EXPECT_THAT(forecast.refusal->message, HasSubstr("11 signatures"));
  EXPECT_FALSE(forecast.refusal->hint.empty());
  EXPECT_STREQ(forecast.outcome(), "refused");
  EXPECT_EQ(forecast.expires_at, std::nullopt);
  EXPECT_EQ(forecast.steps.size(), 2U);
}

TEST_F(ForecastTest, NeedsNoJustificationButChecksOneThatIsGiven) {
  rules_.policies[0].min_justification = 20;
  EXPECT_FALSE(Ask("unix:alice").refusal);
  wish_.justification = "too short";
  EXPECT_TRUE(Ask("unix:alice").refusal);
}

TEST_F(ForecastTest, TellsWhereAMachineNeedsNoApproval) {
  EXPECT_STREQ(Ask("unix:ci").outcome(), "needs-approval");
  EXPECT_TRUE(Ask("unix:ci").machine);
  rules_.policies[0].bypass_machine_identities = true;
  const Forecast forecast = Ask("unix:ci");
  EXPECT_TRUE(forecast.bypass);
  EXPECT_STREQ(forecast.outcome(), "approved-at-once");
  EXPECT_EQ(forecast.expires_at, std::nullopt);
  EXPECT_FALSE(Ask("unix:alice").bypass);
}

TEST_F(ForecastTest, TellsWhetherTheHoursAllowItNow) {
  EXPECT_FALSE(Ask("unix:alice").hours);
  rules_.policies[0].hours = {{WeeklySpan::Parse("Mon-Fri 08:00-18:00").value()}, "Europe/Berlin"};
  rules_.policies[0].max_request_ttl = std::chrono::hours(48);
  const Forecast closed = Ask("unix:alice");
  EXPECT_FALSE(closed.refusal);
  EXPECT_FALSE(closed.hours->open_now);
  EXPECT_EQ(closed.hours->opens_at, When("2026-11-23T07:00:00Z"));
  now_ = When("2026-11-23T07:00:00Z");
  EXPECT_TRUE(Ask("unix:alice").hours->open_now);
}

TEST_F(ForecastTest, AnAuditorIsRefused) {
  rules_.signers[0].users.push_back(P("unix:eve"));
  EXPECT_THAT(Ask("unix:eve").refusal->message, HasSubstr("is an auditor"));
}

TEST_F(ForecastTest, AGroupOfAuditorsCompletesNoStepEvenWhereNobodyCanListIt) {
  lookups_.auditors.push_back(P("unix-group:lost"));
  const Forecast forecast = Ask("unix:alice");
  EXPECT_THAT(forecast.steps[1].unknown, IsEmpty());
  EXPECT_STREQ(forecast.outcome(), "never-approved");
}

TEST_F(ForecastTest, ASignerWithoutAPolicyNeedsNoRequest) {
  wish_.signer = "open";
  const Forecast forecast = Ask("unix:alice");
  EXPECT_EQ(forecast.policy, "");
  EXPECT_THAT(forecast.refusal->message, HasSubstr("no request is needed"));
}

}  // namespace
}  // namespace grant
