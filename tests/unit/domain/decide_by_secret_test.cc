// What may be signed with a grant secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/domain/decide.h"
#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DecideBySecretTest : public testing::Test {
 protected:
  Ruling Ask(const std::vector<Grant>& grants, Time now = At(10)) {
    return Decide(container_, rules_.signers[0], rules_, grants, now, site_);
  }

  void ExpectRefused(const Ruling& ruling, Cause cause, const std::string& says) {
    const auto* refusal = std::get_if<Refusal>(&ruling);
    ASSERT_NE(refusal, nullptr);
    EXPECT_EQ(refusal->cause, cause);
    EXPECT_THAT(refusal->message, HasSubstr(says));
    EXPECT_FALSE(refusal->hint.empty());
    EXPECT_EQ(refusal->grant_id, "grt_2");
  }

  Rules rules_ = MakeRules();
  Site site_;
  // Somebody who is nothing to the rules gives the secret of a grant of alice's.
  Attempt container_{Who("unix:#100000"), "RSA-PKCS", {}, "", BySecret{"grt_2", Who("unix:alice")}};
};

TEST_F(DecideBySecretTest, ItsGrantIsTheOnlyCandidate) {
  Grant early = MakeGrant("grt_1");
  early.not_after = At(60);
  EXPECT_THAT(std::get<Candidates>(Ask({early, MakeGrant("grt_2")})).grant_ids,
              ElementsAre("grt_2"));
}

TEST_F(DecideBySecretTest, WhatEndsAGrantEndsItForItsSecretToo) {
  Grant used = MakeGrant("grt_2");
  used.used = 3;
  ExpectRefused(Ask({used, MakeGrant("grt_1")}), Cause::kUsedUp, "grant grt_2 is used up");
  ExpectRefused(Ask({MakeGrant("grt_2")}, At(3600)), Cause::kExpired, "grant grt_2 ended at");
  ExpectRefused(Ask({MakeGrant("grt_2")}, At(-5)), Cause::kNotYetValid, "grant grt_2 is valid");
  ExpectRefused(Ask({Revoke(MakeGrant("grt_2"), P("unix:bob"), "stop", At(5)).value()}),
                Cause::kRevoked, "was revoked by unix:bob");
  Grant bound = MakeGrant("grt_2");
  bound.digests = {{"sha256", std::string(64, 'a')}};
  ExpectRefused(Ask({bound}), Cause::kDigestNotInGrant, "does not cover this content");
}

TEST_F(DecideBySecretTest, TheSignersMechanismsHold) {
  rules_.signers[0].mechanisms = {"SHA256-RSA-PKCS"};
  const Ruling ruling = Ask({MakeGrant("grt_2")});
  EXPECT_EQ(std::get<Refusal>(ruling).cause, Cause::kMechanismNotAllowed);
}

TEST_F(DecideBySecretTest, TheHolderMustBeAUserOfTheSigner) {
  rules_.signers[0].users = Ps({"unix:bob", "unix-group:release"});
  ExpectRefused(Ask({MakeGrant("grt_2")}), Cause::kNotAUser,
                "unix:alice, the holder of grant grt_2, is not a user of signer release");
  container_.by_secret->holder = Who("unix:alice", {"unix-group:release"});
  EXPECT_TRUE(std::holds_alternative<Candidates>(Ask({MakeGrant("grt_2")})));
}

TEST_F(DecideBySecretTest, TheCallersOwnRightsDoNotReplaceTheHolders) {
  rules_.signers[0].users = Ps({"unix:#100000"});
  ExpectRefused(Ask({MakeGrant("grt_2")}), Cause::kNotAUser, "unix:alice");
}

TEST_F(DecideBySecretTest, AGrantForAnotherSignerIsNamed) {
  Grant other = MakeGrant("grt_2");
  other.signer = "nightly";
  ExpectRefused(Ask({other}), Cause::kNoGrant,
                "of grant grt_2 for signer nightly, not for signer release");
  rules_.signers[0].users = Ps({"unix:bob"});
  ExpectRefused(Ask({other}), Cause::kNoGrant, "not for signer release");
}

TEST_F(DecideBySecretTest, AnotherSelectedGrantIsRefused) {
  container_.selected_grant = "grt_1";
  ExpectRefused(Ask({MakeGrant("grt_1"), MakeGrant("grt_2")}), Cause::kNoGrant,
                "GRANTD_GRANT names grant grt_1");
  container_.selected_grant = "grt_2";
  EXPECT_TRUE(std::holds_alternative<Candidates>(Ask({MakeGrant("grt_2")})));
}

TEST_F(DecideBySecretTest, ASignerWithoutPolicySpendsTheGrantAllTheSame) {
  rules_.signers[0].policy.clear();
  EXPECT_TRUE(std::holds_alternative<Candidates>(Ask({MakeGrant("grt_2")})));
}

TEST_F(DecideBySecretTest, TheHintAsksForASecretAgain) {
  Grant used = MakeGrant("grt_2");
  used.used = 3;
  used.secret_hash = "hash";
  EXPECT_THAT(std::get<Refusal>(Ask({used})).hint, testing::EndsWith(" --secret"));
}

}  // namespace
}  // namespace grant
