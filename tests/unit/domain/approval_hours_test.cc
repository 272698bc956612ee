// Approvals whose grant the hours of its signer would never let be used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/domain/request_hours.h"
#include "tests/unit/domain/builders.h"
#include "tests/unit/domain/zones.h"

namespace grant {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

class ApprovalHoursTest : public testing::Test {
 protected:
  ApprovalHoursTest() {
    Bind("Mon-Fri 08:00-18:00");
    rules_.policies[0].max_request_ttl = hours(24 * 7);
    wish_.window = {hours(2), {}, {}};
  }

  void Bind(const char* span) {
    rules_.policies[0].hours = {{WeeklySpan::Parse(span).value()}, "Europe/Berlin"};
  }
  Request File(const std::string& now) {
    return FileRequest(wish_, rules_, Who("unix:alice"), When(now), "req_1").value();
  }
  Approval ApproveAt(const std::string& now, const Narrowing& narrowing = {}) {
    const Request request = File(filed_.empty() ? now : filed_);
    return Approve(request, rules_, Who("unix:bob"), "", When(now), NoGroups, "grt_1", narrowing)
        .value();
  }
  Status Check(const std::string& now, const Narrowing& narrowing = {}) {
    return CheckApprovalMeetsHours(ApproveAt(now, narrowing), rules_, When(now), TestZone);
  }

  Rules rules_ = MakeRules();
  Wish wish_ = MakeWish();
  std::string filed_;  // when; empty: at the approval
};

constexpr const char* kSaturday = "2026-11-21T11:00:00Z";
constexpr const char* kMonday = "2026-11-23T06:30:00Z";  // half an hour before the hours begin

TEST_F(ApprovalHoursTest, OneThatWouldLeadToAnUnusableGrantIsRefusedAndSaysWhenItWouldNot) {
  const Status status = Check(kSaturday);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kConflict);
  EXPECT_THAT(status.error().message, HasSubstr("can never be used"));
  EXPECT_THAT(status.error().message, HasSubstr("Mon-Fri 08:00-18:00 (Europe/Berlin)"));
  EXPECT_EQ(status.error().hint, "approve it from 2026-11-23T07:00:00Z on, when the hours begin");
  EXPECT_TRUE(Check("2026-11-23T07:00:00Z"));
  EXPECT_TRUE(Check(kMonday)) << "its window reaches the hours";
}

TEST_F(ApprovalHoursTest, ARequestThatExpiresBeforeTheHoursMayBeApprovedAsLateAsItReachesThem) {
  rules_.policies[0].max_request_ttl = hours(19);
  filed_ = kSaturday;
  wish_.window = {hours(8), {}, {}};
  rules_.policies[0].hours = {{WeeklySpan::Parse("Sun 12:00-18:00").value()}, "Europe/Berlin"};
  EXPECT_EQ(Check(kSaturday).error().hint,
            "approve it after 2026-11-22T03:00:00Z, so that its window reaches "
            "2026-11-22T11:00:00Z, when the hours begin");
  EXPECT_TRUE(Check("2026-11-22T03:00:01Z"));
}

TEST_F(ApprovalHoursTest, OneWhoseOwnNarrowingIsTheReasonIsToldSo) {
  const Narrowing narrow{{}, minutes(30)};
  const Status status = Check(kMonday, narrow);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().hint, HasSubstr("without --window"));
  EXPECT_THAT(status.error().hint, HasSubstr("2026-11-23T07:00:00Z"));
  EXPECT_TRUE(Check(kMonday, {{}, minutes(31)}));
  EXPECT_TRUE(Check(kMonday, {1, {}}));
}

TEST_F(ApprovalHoursTest, AWindowBetweenTwoInstantsOfWhichTheHoursHavePassedIsOnlyRejected) {
  filed_ = "2026-11-20T15:00:00Z";
  wish_.window = {{}, When("2026-11-20T15:00:00Z"), When("2026-11-20T20:00:00Z")};
  EXPECT_TRUE(Check("2026-11-20T16:59:59Z"));
  const Status status = Check("2026-11-20T17:00:00Z");
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().hint, HasSubstr("reject it"));
}

TEST_F(ApprovalHoursTest, AnApprovalThatAnotherStepFollowsOnlyHasToLeaveALaterOneUseful) {
  rules_.policies[0].steps.push_back({"Release", Ps({"unix:dave"}), 1, false});
  EXPECT_TRUE(Check(kSaturday)) << "the last approval may come on Monday";
  rules_.policies[0].max_request_ttl = hours(43);  // until half an hour before the hours begin
  EXPECT_TRUE(Check(kSaturday));
  EXPECT_FALSE(Check(kSaturday, {{}, hours(1)}));
}

TEST_F(ApprovalHoursTest, TheHoursInForceCountAndNotThoseOfTheFiling) {
  const Approval approval = ApproveAt("2026-11-23T09:00:00Z");
  Bind("Sat 08:00-18:00");
  const Time now = When("2026-11-23T09:00:00Z");
  EXPECT_FALSE(CheckApprovalMeetsHours(approval, rules_, now, TestZone));
  rules_.policies[0].hours = {};
  EXPECT_TRUE(CheckApprovalMeetsHours(approval, rules_, now, TestZone));
  rules_.signers.clear();
  EXPECT_TRUE(CheckApprovalMeetsHours(approval, rules_, now, TestZone));
}

TEST_F(ApprovalHoursTest, AnHourThatTheClocksSkipLetsNothingBeSigned) {
  // On 29 March 2026 the clocks go from 02:00 to 03:00, at 01:00Z.
  Bind("Sun 02:00-03:00");
  EXPECT_FALSE(Check("2026-03-29T00:00:00Z"));
  EXPECT_TRUE(Check("2026-03-22T00:00:00Z"));
  Bind("Sun 03:00-03:30");
  EXPECT_TRUE(Check("2026-03-28T23:30:00Z")) << "it begins an hour earlier than on other Sundays";
  EXPECT_FALSE(Check("2026-03-28T22:59:00Z"));
}

TEST_F(ApprovalHoursTest, AnHourThatTheClocksShowTwiceIsOpenBothTimes) {
  // On 25 October 2026 the clocks go from 03:00 back to 02:00, at 01:00Z.
  Bind("Sun 02:00-03:00");
  wish_.window = {minutes(30), {}, {}};
  EXPECT_TRUE(Check("2026-10-25T00:15:00Z"));
  EXPECT_TRUE(Check("2026-10-25T01:15:00Z"));
  EXPECT_FALSE(Check("2026-10-25T02:00:00Z"));
}

TEST_F(ApprovalHoursTest, AnApprovedRequestTellsFromWhenItsGrantCanBeUsed) {
  const Request approved = ApproveAt(kMonday).request;
  const auto usable = [&](const char* now) {
    return UsableFrom(approved, rules_, When(now), TestZone);
  };
  EXPECT_EQ(usable(kMonday), When("2026-11-23T07:00:00Z"));
  EXPECT_EQ(usable("2026-11-23T07:00:00Z"), std::nullopt) << "now";
  EXPECT_EQ(usable("2026-11-23T09:00:00Z"), std::nullopt) << "over";
  EXPECT_EQ(UsableFrom(File(kMonday), rules_, When(kMonday), TestZone), std::nullopt);
}

TEST_F(ApprovalHoursTest, WithoutHoursAGrantCanBeUsedFromItsFirstInstantOn) {
  rules_.policies[0].hours = {};
  wish_.window = {{}, When("2026-11-23T08:00:00Z"), When("2026-11-23T09:00:00Z")};
  const Request approved = ApproveAt(kMonday).request;
  EXPECT_EQ(UsableFrom(approved, rules_, When(kMonday), TestZone), When("2026-11-23T08:00:00Z"));
}

TEST_F(ApprovalHoursTest, AnUnknownZoneRefuses) {
  rules_.policies[0].hours.time_zone = "Europe/Atlantis";
  EXPECT_EQ(Check("2026-11-23T09:00:00Z").error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace grant
