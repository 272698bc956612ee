#include "grantd/domain/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"
#include "tests/unit/domain/zones.h"

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
             "has no max_window"},
        Flaw{"NoMaxWindow", [](Rules& r) { r.policies[0].max_window.reset(); },
             "has no max_window"},
        Flaw{"NoMaxSignings", [](Rules& r) { r.policies[0].max_signings.reset(); },
             "has no max_signings"},
        Flaw{"UnboundedInVain", [](Rules& r) { r.policies[0].unbounded = true; },
             "has both bounds, and unbounded = true"},
        Flaw{"UnknownRequestersOfASigner",
             [](Rules& r) { r.signers[0].requesters = Ps({"group:lost"}); },
             "signer 'release' names the unknown group 'lost'"},
        Flaw{"RequestersWithoutAPolicy",
             [](Rules& r) { r.signers[1].requesters = Ps({"unix:alice"}); },
             "signer 'open' has requesters, but no policy"},
        Flaw{"UnknownRequesters", [](Rules& r) { r.policies[0].requesters = Ps({"group:lost"}); },
             "unknown group 'lost'"},
        Flaw{"HoursWithoutZone",
             [](Rules& r) {
               r.policies[0].hours.spans = {WeeklySpan::Parse("Mon 08:00-18:00").value()};
             },
             "has hours, but no time_zone"},
        Flaw{"ZoneWithoutHours", [](Rules& r) { r.policies[0].hours.time_zone = "UTC"; },
             "has a time_zone, but no hours"},
        Flaw{"ZoneThatIsNone",
             [](Rules& r) {
               r.policies[0].hours = {{WeeklySpan::Parse("Mon 08:00-18:00").value()}, "../etc"};
             },
             "unknown time zone '../etc'"},
        Flaw{"MachineAsApprover",
             [](Rules& r) {
               r.users = {{P("unix:ci"), UserKind::kMachine, ""}};
               r.policies[0].steps[0].approvers = Ps({"unix:bob", "unix:ci"});
             },
             "names the machine unix:ci as an approver, through unix:ci"},
        Flaw{"MachineInTheApproversGroup",
             [](Rules& r) {
               r.users = {{P("unix:carol"), UserKind::kMachine, ""}};
             },
             "names the machine unix:carol as an approver, through group:security"},
        Flaw{"TwoUsers",
             [](Rules& r) {
               r.users = {{P("unix:bob"), UserKind::kPerson, ""},
                          {P("unix:bob"), UserKind::kPerson, ""}};
             },
             "user 'unix:bob' is defined twice"},
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

TEST(Rules, CountThePeopleInAUnixGroupWhereTheUserDatabaseListsThem) {
  Rules rules = MakeRules();
  rules.users = {{P("unix:ci"), UserKind::kMachine, ""}};
  rules.policies[0].steps[0].approvers = Ps({"unix-group:security", "unix:bob"});
  rules.policies[0].steps[0].required = 3;
  RulesLookups lookups;
  // A machine does not count, and somebody who is named twice counts once.
  lookups.members_of = [](const Principal&) { return Ps({"unix:bob", "unix:dave", "unix:ci"}); };
  const Status two = Validate(rules, lookups);
  ASSERT_FALSE(two);
  EXPECT_THAT(two.error().message, HasSubstr("requires 3 approvals, but only 2"));
  lookups.members_of = [](const Principal&) { return Ps({"unix:carol", "unix:dave"}); };
  EXPECT_TRUE(Validate(rules, lookups));
  // Where it lists nobody, it may just not say.
  lookups.members_of = [](const Principal&) { return Ps({}); };
  EXPECT_TRUE(Validate(rules, lookups));
}

TEST(Rules, DoNotCountAuditorsAmongThoseWhoCanCompleteAStep) {
  Rules rules = MakeRules();
  rules.policies[0].steps[0] = {"Review", Ps({"group:security", "unix-group:sec"}), 3, false};
  RulesLookups lookups;
  lookups.members_of = [](const Principal& group) {
    return group == P("unix-group:sec") ? Ps({"unix:dave"}) : Ps({});
  };
  EXPECT_TRUE(Validate(rules, lookups));
  for (const char* auditor : {"unix:carol", "unix-group:sec"}) {
    lookups.auditors = Ps({auditor});
    const Status status = Validate(rules, lookups);
    ASSERT_FALSE(status) << auditor;
    EXPECT_THAT(status.error().message, HasSubstr("requires 3 approvals, but only 2"));
  }
  // Whoever is in it, nobody in a group of auditors approves.
  rules.policies[0].steps[0].approvers = Ps({"unix-group:lost"});
  EXPECT_TRUE(Validate(rules, lookups));
  lookups.auditors = Ps({"unix-group:lost"});
  EXPECT_FALSE(Validate(rules, lookups));
}

TEST(Rules, NameATimeZoneThatIsKnown) {
  Rules rules = MakeRules();
  rules.policies[0].hours = {{WeeklySpan::Parse("Mon 08:00-18:00").value()}, "Europe/Atlantis"};
  RulesLookups lookups;
  EXPECT_TRUE(Validate(rules, lookups));
  lookups.zone_of = TestZone;
  EXPECT_THAT(Validate(rules, lookups).error().message,
              HasSubstr("unknown time zone 'Europe/Atlantis'"));
  rules.policies[0].hours.time_zone = "Europe/Berlin";
  EXPECT_TRUE(Validate(rules, lookups));
}

TEST(Rules, MayLeaveABoundOutWhereTheySaySo) {
  Rules rules = MakeRules();
  rules.policies[0].max_window.reset();
  rules.policies[0].unbounded = true;
  EXPECT_TRUE(Validate(rules));
}

TEST(RulesFlaw, TellsWhichItemAndStepItIsAbout) {
  Rules rules = MakeRules();
  rules.policies[0].steps.push_back({"Second", Ps({"group:lost"}), 1, false});
  auto flaw = FindFlaw(rules);
  ASSERT_TRUE(flaw);
  EXPECT_EQ(flaw->kind, RulesFlaw::Kind::kPolicy);
  EXPECT_EQ(flaw->index, 0U);
  EXPECT_EQ(flaw->step, 1U);
  rules = MakeRules();
  rules.signers.push_back(rules.signers[0]);
  flaw = FindFlaw(rules);
  ASSERT_TRUE(flaw);
  EXPECT_EQ(flaw->kind, RulesFlaw::Kind::kSigner);
  EXPECT_EQ(flaw->index, 2U);
}

}  // namespace
}  // namespace grant
