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

}  // namespace
}  // namespace grant
