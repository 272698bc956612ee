#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/domain/rules.h"
#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::HasSubstr;

// alice, bob, carol and dave have numbers from 5001 on; root is toor as well; nobody is 5999.
Result<std::optional<Principal>> Known(const Principal& named) {
  const std::vector<const char*> names = {"unix:alice", "unix:bob", "unix:carol", "unix:dave"};
  for (size_t i = 0; i < names.size(); ++i) {
    if (named == P(names[i]) || named.number() == 5001 + i) return std::optional(P(names[i]));
  }
  if (named == P("unix:root") || named == P("unix:toor") || named.number() == 0U) {
    return std::optional(P("unix:root"));
  }
  return std::optional<Principal>();
}

class RulesPeople : public testing::Test {
 protected:
  RulesPeople() {
    lookups_.canonical_of = Known;
    lookups_.nearest_to = [](const Principal&) { return "did you mean 'unix:bob'?"; };
  }
  void Approvers(std::initializer_list<const char*> names, uint32_t required) {
    rules_.policies[0].steps[0] = {"Review", Ps(names), required, false};
  }
  std::optional<RulesFlaw> Flaw() { return FindFlaw(rules_, lookups_); }

  Rules rules_ = MakeRules();
  RulesLookups lookups_;
};

TEST_F(RulesPeople, WhoAreKnownMayBeNamed) {
  EXPECT_FALSE(Flaw());
}

TEST_F(RulesPeople, WhoAreUnknownMakeAStepThatNobodyCanComplete) {
  Approvers({"unix:bobb", "unix:alsonot"}, 2);
  const auto flaw = Flaw();
  ASSERT_TRUE(flaw);
  EXPECT_EQ(flaw->kind, RulesFlaw::Kind::kPolicy);
  EXPECT_EQ(flaw->step, 0U);
  EXPECT_EQ(flaw->error.message,
            "step 1 of policy 'release-signing' names unix:bobb, whom the user database does not "
            "know");
  EXPECT_EQ(flaw->error.hint, "did you mean 'unix:bob'?");
}

TEST_F(RulesPeople, OnePersonIsNotTwoByNumberOrByAnotherName) {
  for (const char* again : {"unix:#0", "unix:toor"}) {
    Approvers({"unix:root", again}, 2);
    const auto flaw = Flaw();
    ASSERT_TRUE(flaw) << again;
    EXPECT_THAT(flaw->error.message, HasSubstr("whom grantd knows as unix:root"));
    EXPECT_EQ(flaw->error.hint, "write unix:root");
  }
}

TEST_F(RulesPeople, AMachineIsNamedAsGrantdKnowsIt) {
  rules_.users = {{P("unix:#5002"), UserKind::kMachine, ""}};
  const auto flaw = Flaw();
  ASSERT_TRUE(flaw);
  EXPECT_EQ(flaw->kind, RulesFlaw::Kind::kUser);
  EXPECT_EQ(flaw->error.hint, "write unix:bob");
}

TEST_F(RulesPeople, ANumberWithoutANameMayBeNamed) {
  Approvers({"unix:#5999", "unix:bob"}, 2);
  EXPECT_FALSE(Flaw());
}

TEST_F(RulesPeople, AreLookedAtWhereverTheyAreNamed) {
  const auto spoilt = [this](const std::function<void(Rules&)>& spoil) {
    rules_ = MakeRules();
    spoil(rules_);
    return Flaw().has_value();
  };
  const auto lost = Ps({"unix:lost"});
  EXPECT_TRUE(spoilt([&](Rules& r) { r.groups[0].members = lost; }));
  EXPECT_TRUE(spoilt([&](Rules& r) { r.policies[0].requesters = lost; }));
  EXPECT_TRUE(spoilt([&](Rules& r) { r.signers[1].users = lost; }));
  EXPECT_TRUE(spoilt([&](Rules& r) { r.users = {{lost[0], UserKind::kPerson, ""}}; }));
}

TEST_F(RulesPeople, ADatabaseThatDoesNotAnswerIsNoWordOfAnybody) {
  lookups_.canonical_of = [](const Principal&) -> Result<std::optional<Principal>> {
    return Fail(Code::kUnavailable, "cannot look up");
  };
  ASSERT_TRUE(Flaw());
  EXPECT_EQ(Flaw()->error.code, Code::kUnavailable);
}

}  // namespace
}  // namespace grant
