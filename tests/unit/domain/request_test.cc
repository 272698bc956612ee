#include "grantd/domain/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::HasSubstr;

class RequestTest : public testing::Test {
 protected:
  Request Filed() {
    return FileRequest(MakeWish(), rules_, Who("unix:alice"), At(0), "req_1").value();
  }

  Result<Approval> ApproveBy(const Request& request, const std::string& who, Time now = At(60)) {
    return Approve(request, rules_, Who(who), "", now, NoGroups, "grt_1");
  }

  void MakeTwoSteps() {
    rules_.policies[0] =
        MakePolicy({{"Two of security", Ps({"group:security", "unix:dave"}), 2, false},
                    {"Release manager", Ps({"unix:erin", "unix:bob"}), 1, false}});
  }

  Rules rules_ = MakeRules();
};

TEST_F(RequestTest, KeepsThePolicyItWasFiledUnder) {
  const Request request = Filed();
  EXPECT_EQ(request.status, RequestStatus::kOpen);
  EXPECT_EQ(request.policy, rules_.policies[0]);
  EXPECT_EQ(request.expires_at, At(24 * 3600));
}

TEST_F(RequestTest, IsRefusedWhereTheWishBreaksARule) {
  struct Case {
    std::function<void(Wish&)> spoil;
    Code code;
    const char* says;
  };
  const Case cases[] = {
      {[](Wish& w) { w.signer = "lost"; }, Code::kNotFound, "no signer 'lost'"},
      {[](Wish& w) { w.signer = "open"; }, Code::kInvalid, "no request is needed"},
      {[](Wish& w) { w.signings = 0; }, Code::kInvalid, "0 signatures"},
      {[](Wish& w) { w.signings = 11; }, Code::kInvalid, "11 signatures"},
      {[](Wish& w) { w.justification = " \t"; }, Code::kInvalid, "needs a justification"},
      {[](Wish& w) { w.justification = "x\x1b[2J"; }, Code::kInvalid, "control characters"},
      {[](Wish& w) { w.justification = std::string(4097, 'x'); }, Code::kTooLarge, "longer than"},
      {[](Wish& w) { w.window.duration = std::chrono::hours(9); }, Code::kInvalid, "longer than"},
      {[](Wish& w) { w.window.duration = Duration(0); }, Code::kInvalid, "at least 1s"},
      {[](Wish& w) { w.window = {}; }, Code::kInvalid, "no complete window"},
      {[](Wish& w) { w.window.from = At(0); }, Code::kInvalid, "not both"},
      {[](Wish& w) {
         w.window = {{}, At(0), {}};
       },
       Code::kInvalid, "no complete window"},
      {[](Wish& w) {
         w.window = {{}, At(60), At(60)};
       },
       Code::kInvalid, "before it can be used"},
      {[](Wish& w) {
         w.window = {{}, At(-60), At(0)};
       },
       Code::kInvalid, "before it can be used"},
      {[](Wish& w) {
         w.window = {{}, At(0), At(9 * 3600)};
       },
       Code::kInvalid, "longer than"},
      {[](Wish& w) {
         w.window = {{}, At(91 * 86400), At(91 * 86400 + 60)};
       },
       Code::kInvalid, "more than 90d ahead"},
      {[](Wish& w) { w.digests.resize(257); }, Code::kTooLarge, "at most 256"},
  };
  for (const Case& one : cases) {
    Wish wish = MakeWish();
    one.spoil(wish);
    const auto request = FileRequest(wish, rules_, Who("unix:alice"), At(0), "req_1");
    ASSERT_FALSE(request.has_value()) << one.says;
    EXPECT_EQ(request.error().code, one.code) << one.says;
    EXPECT_THAT(request.error().message, HasSubstr(one.says));
  }
}

TEST_F(RequestTest, IsForUsersOfTheSigner) {
  EXPECT_TRUE(FileRequest(MakeWish(), rules_, Who("unix:eve", {"unix-group:release"}), At(0), "r"));
  EXPECT_EQ(FileRequest(MakeWish(), rules_, Who("unix:bob"), At(0), "r").error().code,
            Code::kForbidden);
}

TEST_F(RequestTest, StartsTheWindowAtTheApproval) {
  const Approval approval = ApproveBy(Filed(), "unix:bob", At(500)).value();
  ASSERT_TRUE(approval.grant.has_value());
  EXPECT_EQ(approval.request.status, RequestStatus::kApproved);
  EXPECT_EQ(approval.request.grant_id, "grt_1");
  EXPECT_EQ(approval.grant->holder, P("unix:alice"));
  EXPECT_EQ(approval.grant->not_before, At(500));
  EXPECT_EQ(approval.grant->not_after, At(500 + 7200));
  EXPECT_EQ(approval.grant->max_signings, 3U);
}

TEST_F(RequestTest, KeepsAnAbsoluteWindowAndExpiresWithIt) {
  Wish wish = MakeWish();
  wish.window = {{}, At(1000), At(2000)};
  const Request request = FileRequest(wish, rules_, Who("unix:alice"), At(0), "req_1").value();
  EXPECT_EQ(request.expires_at, At(2000));
  const Approval approval = ApproveBy(request, "unix:bob", At(1500)).value();
  EXPECT_EQ(approval.grant->not_before, At(1000));
  EXPECT_EQ(approval.grant->not_after, At(2000));
  EXPECT_EQ(ApproveBy(request, "unix:bob", At(2000)).error().code, Code::kConflict);
}

TEST_F(RequestTest, NeedsEveryStepInOrderWithDistinctApprovers) {
  MakeTwoSteps();
  Request request = Filed();
  EXPECT_EQ(ApproveBy(request, "unix:erin").error().code, Code::kForbidden);
  request = ApproveBy(request, "unix:bob").value().request;
  EXPECT_EQ(ApproveBy(request, "unix:bob").error().code, Code::kConflict);
  Approval approval = ApproveBy(request, "unix:dave").value();
  EXPECT_FALSE(approval.grant.has_value());
  EXPECT_EQ(approval.request.status, RequestStatus::kOpen);
  approval = ApproveBy(approval.request, "unix:bob").value();
  EXPECT_TRUE(approval.grant.has_value());
}

TEST_F(RequestTest, NoLongerCountsWhoLostEligibility) {
  MakeTwoSteps();
  Request request = ApproveBy(Filed(), "unix:bob").value().request;
  rules_.groups[0].members = Ps({"unix:carol"});
  request = ApproveBy(request, "unix:dave").value().request;
  EXPECT_EQ(ProgressOf(request, rules_, NoGroups).step, 0U);
  request = ApproveBy(request, "unix:carol").value().request;
  EXPECT_EQ(ProgressOf(request, rules_, NoGroups).step, 1U);
}

TEST_F(RequestTest, CountsAnApproverWhoIsOneByAUnixGroup) {
  rules_.policies[0].steps[0].approvers = Ps({"unix-group:reviewers"});
  const Identity grace = Who("unix:grace", {"unix-group:reviewers"});
  EXPECT_TRUE(Approve(Filed(), rules_, grace, "", At(1), NoGroups, "grt_1").value().grant);
}

TEST_F(RequestTest, LetsThePolicyForbidSelfApproval) {
  rules_.policies[0].steps[0].approvers = Ps({"unix:alice", "unix:bob"});
  EXPECT_TRUE(ApproveBy(Filed(), "unix:alice").value().grant);
  rules_.policies[0].self_approval = false;
  const Request request = Filed();
  EXPECT_EQ(ApproveBy(request, "unix:alice").error().code, Code::kForbidden);
  EXPECT_TRUE(ApproveBy(request, "unix:bob").value().grant);
}

TEST_F(RequestTest, EndsWithARejection) {
  const Request rejected =
      Reject(Filed(), rules_, Who("unix:bob"), "wrong tag", At(1), NoGroups).value();
  EXPECT_EQ(rejected.status, RequestStatus::kRejected);
  EXPECT_EQ(rejected.closed_reason, "wrong tag");
  EXPECT_EQ(ApproveBy(rejected, "unix:carol").error().code, Code::kConflict);
  EXPECT_EQ(Reject(Filed(), rules_, Who("unix:eve"), "", At(1), NoGroups).error().code,
            Code::kForbidden);
}

TEST_F(RequestTest, IsCancelledByItsRequesterOrAnAdministrator) {
  EXPECT_EQ(Cancel(Filed(), Who("unix:alice"), false, "", At(1)).value().status,
            RequestStatus::kCancelled);
  EXPECT_TRUE(Cancel(Filed(), Who("unix:root"), true, "", At(1)));
  EXPECT_EQ(Cancel(Filed(), Who("unix:bob"), false, "", At(1)).error().code, Code::kForbidden);
  const Request approved = ApproveBy(Filed(), "unix:bob").value().request;
  EXPECT_EQ(Cancel(approved, Who("unix:alice"), false, "", At(61)).error().code, Code::kConflict);
}

TEST_F(RequestTest, IsExpiredFromItsExpiryOn) {
  const Request request = Filed();
  EXPECT_FALSE(IsOverdue(request, request.expires_at - Duration(1)));
  EXPECT_TRUE(IsOverdue(request, request.expires_at));
  EXPECT_THAT(ApproveBy(request, "unix:bob", request.expires_at).error().message,
              HasSubstr("is expired"));
  EXPECT_EQ(Expire(request).status, RequestStatus::kExpired);
}

TEST_F(RequestTest, TakesCommentsFromThoseInvolvedOnly) {
  EXPECT_EQ(
      AddComment(Filed(), rules_, Who("unix:carol"), false, "why?", At(1)).value().comments.size(),
      1U);
  EXPECT_EQ(AddComment(Filed(), rules_, Who("unix:eve"), false, "hi", At(1)).error().code,
            Code::kForbidden);
  EXPECT_EQ(AddComment(Filed(), rules_, Who("unix:alice"), false, "", At(1)).error().code,
            Code::kInvalid);
}

}  // namespace
}  // namespace grant
