// Names come and go, and move: one person stays one person, and nobody becomes another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/domain/decide.h"
#include "grantd/domain/request.h"
#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The user of that number, by whatever name the user database has for it.
Identity User(uint32_t uid, const std::string& name,
              std::initializer_list<const char*> groups = {}) {
  return Identity{P(name), Ps(groups), uid};
}

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    policy().steps[0].approvers = Ps({"unix-group:sec"});
    rules_.signers[0].users = Ps({"unix:alice", "unix-group:sec"});
  }

  Policy& policy() { return rules_.policies[0]; }
  Request FiledBy(const Identity& who) {
    return FileRequest(MakeWish(), rules_, who, At(0), "req_1").value();
  }
  Result<Approval> ApproveBy(const Request& request, const Identity& who) {
    return Approve(request, rules_, who, "", At(1), groups_of_, "grt_1");
  }

  Rules rules_ = MakeRules();
  GroupsOf groups_of_ = [](const Principal&) { return Ps({"unix-group:sec"}); };
  const Identity alice_ = User(5001, "unix:alice", {"unix-group:sec"});
  const Identity unnamed_alice_ = User(5001, "unix:#5001", {"unix-group:sec"});
};

TEST_F(IdentityTest, AUserWithoutANameHasNoRightsThroughGroups) {
  const Request request = FiledBy(alice_);
  const Identity dave = User(5004, "unix:#5004", {"unix-group:sec"});
  EXPECT_EQ(ApproveBy(request, dave).error().code, Code::kForbidden);
  EXPECT_EQ(Reject(request, rules_, dave, "", At(1), groups_of_).error().code, Code::kForbidden);
  EXPECT_EQ(AddComment(request, rules_, dave, false, "hi", At(1)).error().code, Code::kForbidden);
  EXPECT_EQ(FileRequest(MakeWish(), rules_, dave, At(0), "r").error().code, Code::kForbidden);
  rules_.groups[0].members = Ps({"unix-group:sec"});
  policy().steps[0].approvers = Ps({"group:security"});
  EXPECT_FALSE(MayApprove(FiledBy(alice_), 0, rules_, dave));
}

TEST_F(IdentityTest, AUserWithoutANameIsWhoTheRulesNameByNumber) {
  const Identity dave = User(5004, "unix:#5004");
  policy().steps[0].approvers = Ps({"unix:#5004"});
  rules_.signers[0].users = Ps({"unix:#5004"});
  EXPECT_TRUE(ApproveBy(FiledBy(dave), dave)->grant);
}

TEST_F(IdentityTest, WhoeverLostTheNameDoesNotApproveTheirOwnRequest) {
  policy().self_approval = false;
  policy().steps[0].approvers = Ps({"unix:#5001", "unix:alice", "unix:bob"});
  const Request request = FiledBy(alice_);
  EXPECT_EQ(ApproveBy(request, unnamed_alice_).error().code, Code::kForbidden);
  EXPECT_TRUE(ApproveBy(request, User(5002, "unix:bob"))->grant);
}

TEST_F(IdentityTest, OnePersonUnderTwoNamesApprovesOnce) {
  policy().steps[0].approvers = Ps({"unix:#5001", "unix:alice", "unix:bob"});
  policy().steps[0].required = 2;
  const Request request = ApproveBy(FiledBy(alice_), alice_).value().request;
  EXPECT_EQ(ApproveBy(request, unnamed_alice_).error().code, Code::kConflict);
  // However it came about that both are written down.
  Request twice = request;
  twice.decisions.push_back({0, P("unix:#5001"), Verdict::kApprove, "", At(2), {}, 5001});
  EXPECT_THAT(ProgressOf(twice, rules_, groups_of_).approved[0], ElementsAre(P("unix:alice")));
  twice.decisions.back().approver_uid.reset();
  EXPECT_EQ(ProgressOf(twice, rules_, groups_of_).approved[0].size(), 1U);
}

TEST_F(IdentityTest, AnApprovalByTheRequesterUnderAnotherNameDoesNotCount) {
  policy().self_approval = false;
  policy().steps[0].approvers = Ps({"unix:#5001", "unix:bob"});
  Request request = FiledBy(alice_);
  request.decisions.push_back({0, P("unix:#5001"), Verdict::kApprove, "", At(2), {}, 5001});
  EXPECT_THAT(ProgressOf(request, rules_, groups_of_).approved[0], IsEmpty());
}

TEST_F(IdentityTest, ANameThatMovedDoesNotTakeTheRequestAlong) {
  const Identity new_alice = User(5009, "unix:alice");
  const Request request = FiledBy(alice_);
  EXPECT_TRUE(IsRequester(request, alice_));
  EXPECT_FALSE(IsRequester(request, new_alice));
  EXPECT_EQ(Cancel(request, new_alice, false, "", At(1)).error().code, Code::kForbidden);
  EXPECT_TRUE(Cancel(request, alice_, false, "", At(1)));
}

TEST_F(IdentityTest, ANameThatMovedDoesNotTakeTheGrantAlong) {
  const Grant grant =
      *ApproveBy(FiledBy(alice_), User(5002, "unix:bob", {"unix-group:sec"}))->grant;
  EXPECT_EQ(grant.holder_uid, 5001U);
  const auto sign_as = [&](const Identity& who, std::optional<BySecret> by_secret = {}) {
    return Decide({who, "RSA-PKCS", {}, "", std::move(by_secret)}, rules_.signers[0], rules_,
                  {grant}, At(5), {});
  };
  EXPECT_TRUE(std::holds_alternative<Candidates>(sign_as(alice_)));
  const Ruling ruling = sign_as(User(5009, "unix:alice"));
  const auto* refusal = std::get_if<Refusal>(&ruling);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->cause, Cause::kOtherHolder);
  EXPECT_THAT(refusal->message, HasSubstr("another user who was unix:alice when it was issued"));
  EXPECT_FALSE(Release(grant, User(5009, "unix:alice"), "", At(5)));
  // Whoever has the secret stands for the holder.
  EXPECT_TRUE(std::holds_alternative<Candidates>(
      sign_as(User(5009, "unix:alice"), BySecret{grant.id, Who("unix:alice")})));
}

TEST_F(IdentityTest, WhatWasWrittenDownWithoutNumbersGoesByTheName) {
  Request request = FiledBy(alice_);
  request.requester_uid.reset();
  EXPECT_TRUE(IsRequester(request, User(5009, "unix:alice")));
}

class CompletionTest : public testing::Test {
 protected:
  // Two approvals, of which the first did not count when the second came.
  CompletionTest() {
    rules_.policies[0].steps[0].required = 2;
    request_ = FileRequest(MakeWish(), rules_, Who("unix:alice"), At(0), "req_1").value();
    Approve("unix:bob");
    rules_.groups[0].members = Ps({"unix:carol", "unix:dave"});
    Approve("unix:carol");
  }
  void Approve(const std::string& who) {
    request_ = grant::Approve(request_, rules_, Who(who), "", At(1), NoGroups, "grt_1")->request;
  }
  void BobReturns() { rules_.groups[0].members = Ps({"unix:bob", "unix:carol"}); }

  Rules rules_ = MakeRules();
  Request request_;
};

TEST_F(CompletionTest, WhoApprovesAgainIssuesTheGrantThatOnlyWaitsForIt) {
  const auto again = [&] {
    return grant::Approve(request_, rules_, Who("unix:carol"), "", At(2), NoGroups, "grt_2");
  };
  EXPECT_EQ(again().error().code, Code::kConflict);
  BobReturns();
  const auto approval = again();
  ASSERT_TRUE(approval);
  EXPECT_EQ(approval->request.status, RequestStatus::kApproved);
  EXPECT_EQ(approval->request.decisions.size(), 2U);
  ASSERT_TRUE(approval->grant);
  EXPECT_EQ(approval->grant->id, "grt_2");
}

TEST_F(CompletionTest, IsDueOnlyWhereAllStepsAreCompleteAndTheRequestIsOpen) {
  const auto due = [&](Time now) {
    return CompleteIfDue(request_, ProgressOf(request_, rules_, NoGroups), now, "grt_2");
  };
  EXPECT_FALSE(due(At(2)));
  BobReturns();
  ASSERT_TRUE(due(At(2)));
  EXPECT_EQ(due(At(2))->request.grant_id, "grt_2");
  EXPECT_FALSE(due(request_.expires_at));
  request_.status = RequestStatus::kCancelled;
  EXPECT_FALSE(due(At(2)));
}

}  // namespace
}  // namespace grant
