// Requesters, machines and their bypass, and what a policy asks of a justification.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/domain/request.h"
#include "grantd/domain/request_hours.h"
#include "tests/unit/domain/builders.h"
#include "tests/unit/domain/zones.h"

namespace grant {
namespace {

using testing::HasSubstr;

class PeopleTest : public testing::Test {
 protected:
  PeopleTest() {
    rules_.users = {{P("unix:ci"), UserKind::kMachine, ""}};
    rules_.signers[0].users.push_back(P("unix:ci"));
  }

  Result<Request> FileAs(const Identity& who) {
    return FileRequest(wish_, rules_, who, At(0), "req_1");
  }
  Policy& policy() { return rules_.policies[0]; }

  Rules rules_ = MakeRules();
  Wish wish_ = MakeWish();
};

TEST_F(PeopleTest, RequestersAreThoseOfTheUsersWhomThePolicyNames) {
  policy().requesters = Ps({"unix:alice", "unix:bob"});
  EXPECT_TRUE(FileAs(Who("unix:alice")));
  const auto user = FileAs(Who("unix:eve", {"unix-group:release"}));
  EXPECT_EQ(user.error().code, Code::kForbidden);
  EXPECT_THAT(user.error().message, HasSubstr("unix:eve is not a requester of policy"));
  // A requester who is no user could not use the grant.
  const auto requester = FileAs(Who("unix:bob"));
  EXPECT_EQ(requester.error().code, Code::kForbidden);
  EXPECT_THAT(requester.error().message, HasSubstr("unix:bob is not a user of signer"));
}

TEST_F(PeopleTest, ASignerMayHaveRequestersOfItsOwn) {
  rules_.signers[0].users = Ps({"unix-group:release", "unix:alice", "unix:eve"});
  rules_.signers[0].requesters = Ps({"unix:alice", "unix:bob", "unix:eve"});
  EXPECT_TRUE(FileAs(Who("unix:alice")));
  const auto user = FileAs(Who("unix:frank", {"unix-group:release"}));
  EXPECT_EQ(user.error().code, Code::kForbidden);
  EXPECT_EQ(user.error().message, "unix:frank is not a requester of signer 'release'");
  EXPECT_THAT(FileAs(Who("unix:bob")).error().message, HasSubstr("is not a user of signer"));
  // Where the policy has some as well, both have to name them.
  policy().requesters = Ps({"unix:alice"});
  EXPECT_TRUE(FileAs(Who("unix:alice")));
  EXPECT_THAT(FileAs(Who("unix:eve")).error().message, HasSubstr("not a requester of policy"));
}

TEST_F(PeopleTest, RequestersMayBeAGroup) {
  policy().requesters = Ps({"group:security"});
  rules_.signers[0].users.push_back(P("unix:carol"));
  EXPECT_TRUE(FileAs(Who("unix:carol")));
  EXPECT_FALSE(FileAs(Who("unix:alice")));
}

TEST_F(PeopleTest, AJustificationIsCountedInCharactersWithoutTheBlanksAroundIt) {
  policy().min_justification = 3;
  for (const char* enough : {"abc", "a b", "\n \xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91 "}) {
    wish_.justification = enough;
    EXPECT_TRUE(FileAs(Who("unix:alice"))) << enough;
  }
  for (const char* too_short : {"ab", " ab ", "\xc3\xa4\xe2\x82\xac"}) {
    wish_.justification = too_short;
    const auto request = FileAs(Who("unix:alice"));
    ASSERT_FALSE(request) << too_short;
    EXPECT_THAT(request.error().message, HasSubstr("shorter than policy"));
    EXPECT_THAT(request.error().hint, HasSubstr("at least 3 characters"));
  }
}

TEST_F(PeopleTest, AMachineBypassesApprovalWhereThePolicySaysSo) {
  EXPECT_FALSE(BypassesApproval(FileAs(Who("unix:ci")).value(), rules_));
  policy().bypass_machine_identities = true;
  const Request request = FileAs(Who("unix:ci")).value();
  EXPECT_TRUE(BypassesApproval(request, rules_));
  EXPECT_FALSE(BypassesApproval(FileAs(Who("unix:alice")).value(), rules_));

  const Approval approval = ApproveByBypass(request, P("grantd:self"), At(5), "grt_1");
  EXPECT_EQ(approval.request.status, RequestStatus::kApproved);
  ASSERT_EQ(approval.request.decisions.size(), 1U);
  EXPECT_EQ(approval.request.decisions[0].approver, P("grantd:self"));
  EXPECT_EQ(approval.request.decisions[0].comment,
            "bypass_machine_identities of policy 'release-signing'");
  ASSERT_TRUE(approval.grant);
  EXPECT_EQ(approval.grant->holder, P("unix:ci"));
  EXPECT_EQ(approval.grant->max_signings, 3U);
  EXPECT_EQ(approval.grant->not_after, At(5 + 7200));
}

TEST_F(PeopleTest, TheBypassKeepsToTheBoundsOfThePolicy) {
  policy().bypass_machine_identities = true;
  wish_.signings = 11;
  EXPECT_EQ(FileAs(Who("unix:ci")).error().code, Code::kInvalid);
}

TEST_F(PeopleTest, AMachineApprovesNothingHoweverItIsNamed) {
  policy().steps[0].approvers = Ps({"unix:ci", "group:security", "unix-group:bots"});
  rules_.groups[0].members.push_back(P("unix:ci"));
  const Request request = FileAs(Who("unix:alice")).value();
  const Identity machine = Who("unix:ci", {"unix-group:bots"});
  EXPECT_FALSE(MayApprove(request, 0, rules_, machine));
  const auto approved = Approve(request, rules_, machine, "", At(1), NoGroups, "grt_1");
  ASSERT_FALSE(approved);
  EXPECT_EQ(approved.error().code, Code::kForbidden);
  EXPECT_THAT(approved.error().message, HasSubstr("unix:ci is a machine"));
  EXPECT_EQ(Reject(request, rules_, machine, "", At(1), NoGroups).error().code, Code::kForbidden);
}

TEST_F(PeopleTest, AnApproverWhoBecomesAMachineNoLongerCounts) {
  policy().steps[0].required = 2;
  const Request request = Approve(FileAs(Who("unix:alice")).value(), rules_, Who("unix:bob"), "",
                                  At(1), NoGroups, "grt_1")
                              .value()
                              .request;
  EXPECT_EQ(ProgressOf(request, rules_, NoGroups).approved[0].size(), 1U);
  rules_.users.push_back({P("unix:bob"), UserKind::kMachine, ""});
  EXPECT_TRUE(ProgressOf(request, rules_, NoGroups).approved[0].empty());
}

TEST_F(PeopleTest, AnApproverWhoBecomesAnAuditorNoLongerCounts) {
  policy().steps[0].required = 2;
  const Request request = Approve(FileAs(Who("unix:alice")).value(), rules_, Who("unix:bob"), "",
                                  At(1), NoGroups, "grt_1")
                              .value()
                              .request;
  const GroupsOf groups_of = [](const Principal&) { return Ps({"unix-group:audit"}); };
  for (const char* auditor : {"unix:bob", "unix-group:audit"}) {
    const auto auditors = Ps({auditor});
    EXPECT_TRUE(ProgressOf(request, rules_, groups_of, auditors).approved[0].empty()) << auditor;
    const auto second =
        Approve(request, rules_, Who("unix:carol"), "", At(2), groups_of, "grt_1", {}, auditors);
    ASSERT_TRUE(second);
    EXPECT_FALSE(second->grant) << "one of the two approvals does not count any more";
  }
  EXPECT_TRUE(Approve(request, rules_, Who("unix:carol"), "", At(2), groups_of, "grt_1")->grant);
}

class RequestHoursTest : public PeopleTest {
 protected:
  RequestHoursTest() {
    policy().hours = {{WeeklySpan::Parse("Mon-Fri 08:00-18:00").value()}, "Europe/Berlin"};
    policy().max_request_ttl = std::chrono::hours(24);
  }
  Status Check(const Window& window, const std::string& now, bool approved_now = false) {
    wish_.window = window;
    const Request request =
        FileRequest(wish_, rules_, Who("unix:alice"), When(now), "req_1").value();
    return CheckWindowMeetsHours(request, approved_now, When(now), TestZone);
  }
  static Window Between(const std::string& from, const std::string& until) {
    return {{}, When(from), When(until)};
  }
  static constexpr const char* kSaturday = "2026-11-21T11:00:00Z";
};

TEST_F(RequestHoursTest, AWindowWhollyOutsideIsRefused) {
  const Status status = Check(Between("2026-11-22T00:00:00Z", "2026-11-22T08:00:00Z"), kSaturday);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalid);
  EXPECT_THAT(status.error().message, HasSubstr("wholly outside the hours"));
  EXPECT_THAT(status.error().hint, HasSubstr("2026-11-23T07:00:00Z"));
  EXPECT_TRUE(Check(Between("2026-11-23T06:00:00Z", "2026-11-23T07:00:01Z"), kSaturday));
  EXPECT_FALSE(Check(Between("2026-11-23T06:00:00Z", "2026-11-23T07:00:00Z"), kSaturday));
}

TEST_F(RequestHoursTest, WhatHasPassedOfAWindowDoesNotCount) {
  EXPECT_TRUE(
      Check(Between("2026-11-20T16:00:00Z", "2026-11-20T18:00:00Z"), "2026-11-20T16:30:00Z"));
  EXPECT_FALSE(
      Check(Between("2026-11-20T16:00:00Z", "2026-11-20T18:00:00Z"), "2026-11-20T17:00:00Z"));
}

TEST_F(RequestHoursTest, AWindowThatBeginsWithTheApprovalMayBeginUntilTheRequestExpires) {
  const Window two_hours{std::chrono::hours(2), {}, {}};
  EXPECT_TRUE(Check(two_hours, "2026-11-22T11:00:00Z"));
  EXPECT_FALSE(Check(two_hours, "2026-11-21T00:00:00Z"));
}

TEST_F(RequestHoursTest, AWindowThatBeginsAtOnceHasToHoldSuchAnHourItself) {
  const Window two_hours{std::chrono::hours(2), {}, {}};
  EXPECT_FALSE(Check(two_hours, "2026-11-22T11:00:00Z", true));
  EXPECT_TRUE(Check(two_hours, "2026-11-23T05:30:00Z", true));
}

TEST_F(RequestHoursTest, AnUnknownZoneRefuses) {
  policy().hours.time_zone = "Europe/Atlantis";
  EXPECT_EQ(Check({std::chrono::hours(2), {}, {}}, kSaturday).error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace grant
