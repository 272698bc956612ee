#include "grantd/domain/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::HasSubstr;

TEST(Rules, CoverUsersGroupsAndUnixGroups) {
  const Rules rules = MakeRules();
  EXPECT_TRUE(rules.Covers(Ps({"group:security"}), Who("unix:bob")));
  EXPECT_FALSE(rules.Covers(Ps({"group:security"}), Who("unix:alice")));
  EXPECT_TRUE(rules.Covers(Ps({"unix-group:release"}), Who("unix:eve", {"unix-group:release"})));
  EXPECT_FALSE(rules.Covers(Ps({"group:nobody"}), Who("unix:bob")));
  EXPECT_FALSE(rules.Covers({}, Who("unix:bob")));
}

TEST(Rules, DoNotLetACallerNameItselfAsAGroupOfTheRules) {
  const Rules rules = MakeRules();
  EXPECT_FALSE(rules.Covers(Ps({"group:security"}), Who("unix:eve", {"group:security"})));
}

struct Flaw {
  const char* name;
  void (*make)(Rules&);
  const char* says;
};

class FlawedRules : public testing::TestWithParam<Flaw> {};

TEST_P(FlawedRules, AreRefusedWithWhatIsWrong) {
  Rules rules = MakeRules();
  ASSERT_TRUE(Validate(rules).has_value());
  GetParam().make(rules);
  const Status status = Validate(rules);
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr(GetParam().says));
  EXPECT_FALSE(status.error().hint.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Each, FlawedRules,
    testing::Values(
        Flaw{"TwoGroups", [](Rules& r) { r.groups.push_back(r.groups[0]); },
             "group 'security' is defined twice"},
        Flaw{"TwoPolicies", [](Rules& r) { r.policies.push_back(r.policies[0]); },
             "policy 'release-signing' is defined twice"},
        Flaw{"TwoSigners", [](Rules& r) { r.signers.push_back(r.signers[0]); },
             "signer 'release' is defined twice"},
        Flaw{"NestedGroup", [](Rules& r) { r.groups[0].members.push_back(P("group:security")); },
             "as a member"},
        Flaw{"UnknownPolicy", [](Rules& r) { r.signers[0].policy = "lost"; },
             "unknown policy 'lost'"},
        Flaw{"UnknownGroupInStep",
             [](Rules& r) { r.policies[0].steps[0].approvers = Ps({"group:lost"}); },
             "unknown group 'lost'"},
        Flaw{"UnknownGroupInUsers", [](Rules& r) { r.signers[0].users = Ps({"group:lost"}); },
             "unknown group 'lost'"},
        Flaw{"NoUsers", [](Rules& r) { r.signers[0].users.clear(); }, "has no users"},
        Flaw{"NoStep", [](Rules& r) { r.policies[0].steps.clear(); }, "has no step"},
        Flaw{"NoBound",
             [](Rules& r) {
               r.policies[0].max_window.reset();
               r.policies[0].max_signings.reset();
             },
             "has no bound"},
        Flaw{"NobodyRequired", [](Rules& r) { r.policies[0].steps[0].required = 0; }, "at least 1"},
        Flaw{"MoreThanThereAre", [](Rules& r) { r.policies[0].steps[0].required = 3; },
             "requires 3 approvals, but only 2"},
        Flaw{"SamePersonTwice",
             [](Rules& r) {
               r.policies[0].steps[0].approvers = Ps({"group:security", "unix:bob"});
               r.policies[0].steps[0].required = 3;
             },
             "only 2"},
        Flaw{"OneKeyTwoSigners", [](Rules& r) { r.signers[1].key = r.signers[0].key; },
             "the key of another signer"}),
    [](const auto& flaw) { return flaw.param.name; });

TEST(Rules, CannotCountThePeopleInAUnixGroup) {
  Rules rules = MakeRules();
  rules.policies[0].steps[0].approvers = Ps({"unix-group:security"});
  rules.policies[0].steps[0].required = 5;
  EXPECT_TRUE(Validate(rules).has_value());
}

}  // namespace
}  // namespace grant
