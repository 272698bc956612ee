#include "grantd/domain/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DecideTest : public testing::Test {
 protected:
  Ruling Ask(const std::vector<Grant>& grants, const Attempt& attempt, Time now = At(10)) {
    return Decide(attempt, rules_.signers[0], rules_, grants, now, site_);
  }

  void ExpectRefused(const Ruling& ruling, Cause cause, const std::string& says) {
    const auto* refusal = std::get_if<Refusal>(&ruling);
    ASSERT_NE(refusal, nullptr);
    EXPECT_EQ(refusal->cause, cause);
    EXPECT_THAT(refusal->message, HasSubstr(says));
    EXPECT_FALSE(refusal->hint.empty());
  }

  Rules rules_ = MakeRules();
  Site site_;
  Attempt alice_{Who("unix:alice"), "RSA-PKCS", {}, ""};
};

TEST_F(DecideTest, TakesTheGrantThatEndsFirst) {
  Grant late = MakeGrant("grt_1");
  Grant early = MakeGrant("grt_2");
  early.not_after = At(60);
  const Ruling ruling = Ask({late, early}, alice_);
  EXPECT_THAT(std::get<Candidates>(ruling).grant_ids, ElementsAre("grt_2", "grt_1"));
}

TEST_F(DecideTest, RefusesWithoutAGrant) {
  ExpectRefused(Ask({}, alice_), Cause::kNoGrant, "unix:alice holds no grant for signer release");
}

TEST_F(DecideTest, RefusesAUsedUpGrantAndSaysHowToAskAgain) {
  Grant used = MakeGrant("grt_1");
  used.used = 3;
  const Ruling ruling = Ask({used}, alice_);
  ExpectRefused(ruling, Cause::kUsedUp, "grant grt_1 is used up (3 of 3)");
  EXPECT_THAT(std::get<Refusal>(ruling).hint,
              HasSubstr("grantctl request create release --signings 3"));
  EXPECT_EQ(std::get<Refusal>(ruling).grant_id, "grt_1");
}

TEST_F(DecideTest, RefusesOutsideTheWindow) {
  ExpectRefused(Ask({MakeGrant("grt_1")}, alice_, At(-90)), Cause::kNotYetValid, "(in 1m30s)");
  ExpectRefused(Ask({MakeGrant("grt_1")}, alice_, At(3600)), Cause::kExpired, "ended at");
}

TEST_F(DecideTest, RefusesARevokedGrantAndNamesWhoAndWhy) {
  const Grant revoked = Revoke(MakeGrant("grt_1"), P("unix:bob"), "wrong build", At(5)).value();
  ExpectRefused(Ask({revoked}, alice_), Cause::kRevoked, "was revoked by unix:bob");
}

TEST_F(DecideTest, RefusesSomebodyElsesGrant) {
  Grant foreign = MakeGrant("grt_1");
  foreign.holder = P("unix:bob");
  ExpectRefused(Ask({foreign}, alice_), Cause::kOtherHolder,
                "belongs to unix:bob, not to unix:alice");
}

TEST_F(DecideTest, RefusesWhoIsNotAUserWhateverTheyHold) {
  Grant held = MakeGrant("grt_1");
  held.holder = P("unix:mallory");
  ExpectRefused(Ask({held}, Attempt{Who("unix:mallory"), "RSA-PKCS", {}, ""}), Cause::kNotAUser,
                "unix:mallory is not a user of signer release");
}

TEST_F(DecideTest, RefusesAMechanismThatTheSignerDoesNotAllow) {
  rules_.signers[0].mechanisms = {"SHA256-RSA-PKCS"};
  ExpectRefused(Ask({MakeGrant("grt_1")}, alice_), Cause::kMechanismNotAllowed, "RSA-PKCS");
}

TEST_F(DecideTest, RefusesContentThatTheGrantDoesNotName) {
  Grant bound = MakeGrant("grt_1");
  bound.digests = {{"sha256", std::string(64, 'a')}};
  ExpectRefused(Ask({bound}, alice_), Cause::kDigestNotInGrant, "does not cover this content");
  alice_.digests = {{"sha512", std::string(128, 'a')}, {"sha256", std::string(64, 'b')}};
  ExpectRefused(Ask({bound}, alice_), Cause::kDigestNotInGrant, "does not cover this content");
  alice_.digests.push_back({"sha256", std::string(64, 'a')});
  EXPECT_TRUE(std::holds_alternative<Candidates>(Ask({bound}, alice_)));
}

TEST_F(DecideTest, SaysHowContentDiffersFromWhatTheGrantNames) {
  Grant bound = MakeGrant("grt_1");
  bound.digests = {{"sha256", std::string(64, 'a')}};
  ExpectRefused(Ask({bound}, alice_), Cause::kDigestNotInGrant,
                "what RSA-PKCS was given is no digest that grantd can tell");
  alice_.digests = {{"sha384", std::string(96, 'a')}};
  ExpectRefused(Ask({bound}, alice_), Cause::kDigestNotInGrant,
                "signed with sha384, the grant names sha256");
  alice_.digests.push_back({"sha256", std::string(64, 'b')});
  ExpectRefused(Ask({bound}, alice_), Cause::kDigestNotInGrant,
                "it is sha256:" + std::string(64, 'b'));
}

TEST_F(DecideTest, TellsByWhichDigestAGrantNamesTheContent) {
  Grant bound = MakeGrant("grt_1");
  bound.digests = {{"sha256", std::string(64, 'b')}, {"sha256", std::string(64, 'a')}};
  alice_.digests = {{"sha512", std::string(128, 'a')}, {"sha256", std::string(64, 'a')}};
  const Ruling ruling = Ask({MakeGrant("grt_2"), bound}, alice_);
  EXPECT_THAT(std::get<Candidates>(ruling).grant_ids, ElementsAre("grt_1", "grt_2"));
  EXPECT_THAT(std::get<Candidates>(ruling).digests,
              ElementsAre("sha256:" + std::string(64, 'a'), ""));
}

TEST_F(DecideTest, KeepsToTheSelectedGrant) {
  alice_.selected_grant = "grt_2";
  EXPECT_THAT(std::get<Candidates>(Ask({MakeGrant("grt_1"), MakeGrant("grt_2")}, alice_)).grant_ids,
              ElementsAre("grt_2"));
  ExpectRefused(Ask({MakeGrant("grt_1")}, alice_), Cause::kNoGrant, "holds no grant grt_2");
}

TEST_F(DecideTest, IgnoresGrantsOfOtherSigners) {
  Grant other = MakeGrant("grt_1");
  other.signer = "open";
  ExpectRefused(Ask({other}, alice_), Cause::kNoGrant, "holds no grant");
}

TEST_F(DecideTest, LetsUsersOfASignerWithoutPolicySignAtOnce) {
  EXPECT_TRUE(std::holds_alternative<Unrestricted>(
      Decide(alice_, rules_.signers[1], rules_, {}, At(0), site_)));
  ExpectRefused(Decide(Attempt{Who("unix:bob"), "RSA-PKCS", {}, ""}, rules_.signers[1], rules_, {},
                       At(0), site_),
                Cause::kNotAUser, "unix:bob");
}

TEST_F(DecideTest, ExplainsByTheGrantThatCameClosest) {
  Grant used = MakeGrant("grt_3");
  used.used = 3;
  Grant pending = MakeGrant("grt_1");
  pending.not_before = At(600);
  ExpectRefused(Ask({used, pending}, alice_), Cause::kNotYetValid, "grt_1");
  Grant older = MakeGrant("grt_2");
  older.used = 3;
  ExpectRefused(Ask({older, used}, alice_), Cause::kUsedUp, "grt_3");
}

}  // namespace
}  // namespace grant
