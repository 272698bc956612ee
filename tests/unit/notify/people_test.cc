#include "grantd/notify/people.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::ElementsAre;

class People : public testing::Test {
 protected:
  std::vector<Principal> Find(std::initializer_list<const char*> approvers) {
    Request request;
    request.requester = P("unix:alice");
    request.policy.self_approval = self_approval_;
    request.policy.steps = {{"Review", Ps(approvers), 1, true}};
    return ApproversOf(
        request, 0, rules_,
        [](const Principal& group) {
          return group.name() == "release" ? Ps({"unix:erin", "unix:bob"})
                                           : std::vector<Principal>();
        },
        auditors_);
  }

  Rules rules_ = MakeRules();
  bool self_approval_ = true;
  std::vector<Principal> auditors_;
};

TEST_F(People, AreTheMembersOfAllKindsOfGroupsEachOnce) {
  rules_.groups[0].members.push_back(P("unix-group:release"));
  EXPECT_EQ(Find({"unix:dave", "group:security", "unix-group:release", "unix:dave"}),
            Ps({"unix:dave", "unix:bob", "unix:carol", "unix:erin"}));
}

TEST_F(People, OfAGroupThatIsGoneAreNone) {
  EXPECT_THAT(Find({"group:dissolved", "unix-group:unheard", "unix:dave"}),
              ElementsAre(P("unix:dave")));
}

TEST_F(People, IncludeTheRequesterOnlyWhereSelfApprovalIsAllowed) {
  EXPECT_EQ(Find({"unix:alice", "unix:dave"}), Ps({"unix:alice", "unix:dave"}));
  self_approval_ = false;
  EXPECT_EQ(Find({"unix:alice", "unix:dave"}), Ps({"unix:dave"}));
}

TEST_F(People, AreNoMachines) {
  rules_.users = {{P("unix:bob"), UserKind::kMachine, ""}};
  EXPECT_EQ(Find({"group:security"}), Ps({"unix:carol"}));
}

TEST_F(People, AreNoAuditors) {
  auditors_ = Ps({"unix:carol"});
  EXPECT_EQ(Find({"group:security", "unix-group:release"}), Ps({"unix:bob", "unix:erin"}));
  auditors_ = Ps({"unix-group:release"});
  EXPECT_EQ(Find({"group:security"}), Ps({"unix:carol"}));
}

TEST_F(People, AreBounded) {
  for (size_t i = 0; i < kPeopleMax + 10; ++i) {
    rules_.groups[0].members.push_back(P("unix:u" + std::to_string(i)));
  }
  EXPECT_EQ(Find({"group:security"}).size(), kPeopleMax);
}

}  // namespace
}  // namespace grant
