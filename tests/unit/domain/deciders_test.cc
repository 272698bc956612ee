#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/domain/request.h"
#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::ElementsAre;

class WhoCanApproveTest : public testing::Test {
 protected:
  WhoCanApproveTest() {
    Policy& policy = rules_.policies[0];
    policy.self_approval = false;
    policy.steps = {{"Review",
                     Ps({"group:security", "unix:alice", "unix:bob", "unix:ci", "unix-group:sec",
                         "unix-group:audit", "unix:olga"}),
                     2, false},
                    {"Board", Ps({"unix:dave"}), 1, false}};
    rules_.users = {{P("unix:ci"), UserKind::kMachine, ""}};
    request_ = FileRequest(MakeWish(), rules_, Who("unix:alice"), At(0), "req_1").value();
  }

  std::vector<std::vector<Principal>> Can() {
    return WhoCanApprove(request_, ProgressOf(request_, rules_, NoGroups, auditors_), rules_,
                         auditors_);
  }
  void Approve(const char* user) {
    auto approval =
        grant::Approve(request_, rules_, Who(user), "", At(1), NoGroups, "grt_1", {}, auditors_);
    ASSERT_TRUE(approval) << approval.error().message;
    request_ = std::move(approval->request);
  }

  Rules rules_ = MakeRules();
  Request request_;
  const std::vector<Principal> auditors_ = Ps({"unix:olga", "unix-group:audit"});
};

TEST_F(WhoCanApproveTest, AreThePeopleOfItsGroupsOnceAndGroupsThatNobodyLists) {
  EXPECT_THAT(Can(),
              ElementsAre(Ps({"unix:bob", "unix:carol", "unix-group:sec"}), Ps({"unix:dave"})));
}

TEST_F(WhoCanApproveTest, WhoHasApprovedIsAskedNoMoreAndNobodyForACompleteStep) {
  Approve("unix:bob");
  EXPECT_THAT(Can(), ElementsAre(Ps({"unix:carol", "unix-group:sec"}), Ps({"unix:dave"})));
  Approve("unix:carol");
  EXPECT_THAT(Can(), ElementsAre(Ps({}), Ps({"unix:dave"})));
}

TEST_F(WhoCanApproveTest, GroupsAreThoseOfTheRulesInForce) {
  rules_.groups[0].members = Ps({"unix:erin"});
  EXPECT_THAT(Can()[0], ElementsAre(P("unix:erin"), P("unix:bob"), P("unix-group:sec")));
}

TEST_F(WhoCanApproveTest, NoMoreAreNamedThanAPersonCouldAsk) {
  std::vector<Principal>& members = rules_.groups[0].members;
  for (int i = 0; i < 200; ++i) members.push_back(P("unix:user" + std::to_string(i)));
  EXPECT_EQ(Can()[0].size(), kDecidersNamedMax);
}

TEST_F(WhoCanApproveTest, NobodyApprovesWhatIsOver) {
  request_.status = RequestStatus::kRejected;
  EXPECT_THAT(Can(), ElementsAre(Ps({}), Ps({})));
}

}  // namespace
}  // namespace grant
