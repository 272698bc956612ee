// The hours of a policy, and auditors: who may not sign although a grant would let them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/domain/decide.h"
#include "tests/unit/domain/builders.h"
#include "tests/unit/domain/zones.h"

namespace grant {
namespace {

using testing::HasSubstr;

class DecideHoursTest : public testing::Test {
 protected:
  DecideHoursTest() {
    rules_.policies[0].hours = {{WeeklySpan::Parse("Mon-Fri 08:00-18:00").value()},
                                "Europe/Berlin"};
    held_.not_before = When("2026-11-20T00:00:00Z");
    held_.not_after = When("2026-12-20T00:00:00Z");
  }

  Ruling Ask(const std::string& time) {
    return Decide(attempt_, rules_.signers[0], rules_, {held_}, When(time), site_);
  }

  Rules rules_ = MakeRules();
  Grant held_ = MakeGrant("grt_1");
  Attempt attempt_{Who("unix:alice"), "RSA-PKCS", {}, ""};
  Site site_{{}, TestZone};
};

TEST_F(DecideHoursTest, AGrantIsUsedWithinTheHoursAlone) {
  EXPECT_TRUE(std::holds_alternative<Candidates>(Ask("2026-11-23T07:00:00Z")));
  const Ruling early = Ask("2026-11-21T10:02:00Z");
  const auto& refusal = std::get<Refusal>(early);
  EXPECT_EQ(refusal.cause, Cause::kOutsideHours);
  EXPECT_EQ(refusal.message,
            "policy 'release-signing' allows signatures Mon-Fri 08:00-18:00 (Europe/Berlin) only, "
            "and it is Sat 11:02 there");
  EXPECT_EQ(refusal.hint, "sign from 2026-11-23T07:00:00Z on");
  EXPECT_EQ(refusal.grant_id, "grt_1");
}

TEST_F(DecideHoursTest, AZoneThatIsNotKnownIsClosed) {
  site_.zone_of = [](const std::string&) { return nullptr; };
  const Ruling ruling = Ask("2026-11-23T07:00:00Z");
  EXPECT_EQ(std::get<Refusal>(ruling).cause, Cause::kOutsideHours);
  site_.zone_of = {};
  const Ruling without = Ask("2026-11-23T07:00:00Z");
  EXPECT_EQ(std::get<Refusal>(without).cause, Cause::kOutsideHours);
}

TEST_F(DecideHoursTest, WhoeverHoldsNothingIsToldThatFirst) {
  held_.used = held_.max_signings;
  const Ruling ruling = Ask("2026-11-21T10:02:00Z");
  EXPECT_EQ(std::get<Refusal>(ruling).cause, Cause::kUsedUp);
}

TEST_F(DecideHoursTest, TheHoursOfTheRulesInForceCount) {
  rules_.policies[0].hours = {};
  EXPECT_TRUE(std::holds_alternative<Candidates>(Ask("2026-11-21T10:02:00Z")));
}

TEST_F(DecideHoursTest, AGrantSecretKeepsToTheHoursToo) {
  held_.secret_hash = "x";
  attempt_ = {Who("unix:ci"), "RSA-PKCS", {}, "", BySecret{"grt_1", Who("unix:alice")}};
  EXPECT_TRUE(std::holds_alternative<Candidates>(Ask("2026-11-23T07:00:00Z")));
  const Ruling ruling = Ask("2026-11-21T10:02:00Z");
  EXPECT_EQ(std::get<Refusal>(ruling).cause, Cause::kOutsideHours);
}

class DecideAuditorTest : public testing::Test {
 protected:
  void ExpectRefused(const Attempt& attempt, const Signer& signer, const std::string& who) {
    const Ruling ruling = Decide(attempt, signer, rules_, {MakeGrant("grt_1")}, At(10), site_);
    const auto* refusal = std::get_if<Refusal>(&ruling);
    ASSERT_NE(refusal, nullptr);
    EXPECT_EQ(refusal->cause, Cause::kNotAUser);
    EXPECT_THAT(refusal->message, HasSubstr(who + " is an auditor, and auditors sign nothing"));
    EXPECT_THAT(refusal->hint, HasSubstr("grantd.toml"));
  }

  Rules rules_ = MakeRules();
  Site site_{Ps({"unix:alice", "unix-group:audit"}), TestZone};
};

TEST_F(DecideAuditorTest, AnAuditorSignsNothingWhateverTheRulesAndGrantsSay) {
  const Attempt alice{Who("unix:alice"), "RSA-PKCS", {}, ""};
  ExpectRefused(alice, rules_.signers[0], "unix:alice");
  ExpectRefused(alice, rules_.signers[1], "unix:alice");  // without a policy
}

TEST_F(DecideAuditorTest, NorDoesOneByAGroup) {
  const Attempt eve{
      Who("unix:eve", {"unix-group:release", "unix-group:audit"}), "RSA-PKCS", {}, ""};
  ExpectRefused(eve, rules_.signers[0], "unix:eve");
}

TEST_F(DecideAuditorTest, ASecretOfAnAuditorsGrantAndASecretGivenByAnAuditorAreRefused) {
  ExpectRefused({Who("unix:ci"), "RSA-PKCS", {}, "", BySecret{"grt_1", Who("unix:alice")}},
                rules_.signers[0], "unix:alice");
  site_.auditors = Ps({"unix:ci"});
  ExpectRefused({Who("unix:ci"), "RSA-PKCS", {}, "", BySecret{"grt_1", Who("unix:alice")}},
                rules_.signers[0], "unix:ci");
}

}  // namespace
}  // namespace grant
