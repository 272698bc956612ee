#include "grantd/domain/rules_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Principal> Members(const Principal& group) {
  if (group == P("unix-group:release")) return Ps({"unix:alice", "unix:frank"});
  if (group == P("unix-group:audit")) return Ps({"unix:bob"});
  if (group == P("unix-group:bots")) return Ps({"unix:ci", "unix:dave"});
  return {};
}

TEST(RulesWarnings, ThereAreNoneAboutRulesThatMeanWhatTheySay) {
  EXPECT_THAT(WarningsAbout(MakeRules(), Ps({"unix:eve"}), Members), IsEmpty());
  EXPECT_THAT(WarningsAbout(MakeRules(), {}, {}), IsEmpty());
}

TEST(RulesWarnings, AuditorsAreFoundByNameAndThroughGroups) {
  EXPECT_THAT(
      WarningsAbout(MakeRules(), Ps({"unix:frank", "unix-group:audit"}), Members),
      ElementsAre("step 1 of policy 'release-signing': unix:bob is an auditor, and cannot be an "
                  "approver",
                  "signer 'release': unix:frank is an auditor, and cannot be a user"));
  EXPECT_THAT(WarningsAbout(MakeRules(), Ps({"unix-group:release"}), {}),
              ElementsAre("signer 'release': unix-group:release is an auditor, and cannot be a "
                          "user"));
}

TEST(RulesWarnings, RequestersAreLookedAtToo) {
  Rules rules = MakeRules();
  rules.policies[0].requesters = Ps({"unix:alice"});
  EXPECT_THAT(WarningsAbout(rules, Ps({"unix:alice"}), Members),
              Contains("policy 'release-signing': unix:alice is an auditor, and cannot be a "
                       "requester"));
}

TEST(RulesWarnings, GroupsOfWhichNobodyIsKnown) {
  Rules rules = MakeRules();
  rules.policies[0].steps[0].approvers = Ps({"unix-group:lost", "unix:bob"});
  EXPECT_THAT(WarningsAbout(rules, {}, Members),
              ElementsAre("step 1 of policy 'release-signing': the user database lists nobody in "
                          "unix-group:lost"));
}

TEST(RulesWarnings, MachinesThatAGroupMakesApprovers) {
  Rules rules = MakeRules();
  rules.users = {{P("unix:ci"), UserKind::kMachine, ""}};
  rules.policies[0].steps[0].approvers = Ps({"unix-group:bots"});
  EXPECT_THAT(WarningsAbout(rules, {}, Members),
              ElementsAre("step 1 of policy 'release-signing': unix:ci of unix-group:bots is a "
                          "machine, and its approval does not count"));
}

TEST(RulesWarnings, MachinesWithoutAnyBound) {
  Rules rules = MakeRules();
  rules.policies[0].bypass_machine_identities = true;
  EXPECT_THAT(WarningsAbout(rules, {}, Members), IsEmpty());
  rules.policies[0].unbounded = true;
  EXPECT_THAT(WarningsAbout(rules, {}, Members),
              ElementsAre("policy 'release-signing': machines sign without approval and without a "
                          "bound"));
}

class Notifying : public testing::Test {
 protected:
  Notifying() {
    rules_.users = {{P("unix:bob"), UserKind::kPerson, "bob@example.com"},
                    {P("unix:ci"), UserKind::kMachine, ""}};
    rules_.policies[0].steps = {{"Review", Ps({"group:security", "unix-group:bots"}), 1, true},
                                {"Release", Ps({"unix:eve"}), 1, false}};
  }
  std::vector<std::string> Ask(NotifyChannels channels,
                               std::initializer_list<const char*> auditors = {}) {
    std::vector<std::string> details;
    for (const auto& finding : FindingsAboutNotifying(rules_, channels, Ps(auditors), Members)) {
      EXPECT_FALSE(finding.hint.empty());
      details.push_back(finding.detail);
    }
    return details;
  }
  Rules rules_ = MakeRules();
};

TEST_F(Notifying, StepsThatNoChannelServes) {
  EXPECT_THAT(Ask({}), ElementsAre("step 1 of policy 'release-signing' is to notify its approvers, "
                                   "but grantd.toml has no [notify]"));
  EXPECT_THAT(Ask({.webhook = true}), IsEmpty());
}

TEST_F(Notifying, ApproversWhomNoMailReaches) {
  EXPECT_THAT(Ask({.mail = true}),
              ElementsAre("step 1 of policy 'release-signing': no mail reaches unix:carol, "
                          "unix:dave, who have no address"));
  EXPECT_THAT(Ask({.mail = true}, {"unix:carol", "unix:dave"}), IsEmpty());
}

TEST_F(Notifying, AreNamedUpToANumber) {
  for (int i = 0; i < 5; ++i) rules_.groups[0].members.push_back(P("unix:u" + std::to_string(i)));
  EXPECT_THAT(Ask({.mail = true}).at(0), testing::HasSubstr("unix:u3 and 2 others"));
}

}  // namespace
}  // namespace grant
