#include "grantd/gate/signing.h"

#include <new>

#include "tests/unit/gate/signing_fixture.h"

namespace grant {
namespace {

using testing::HasSubstr;

TEST_F(SigningTest, DeliversAndSpendsOne) {
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  EXPECT_TRUE(delivered_);
  EXPECT_EQ(Used(), 1U);
  EXPECT_THAT(Events(), testing::ElementsAre("signature.spent"));
}

TEST_F(SigningTest, IsRecordedWithTheDigestThatTheGrantNames) {
  // SHA-256 of 32 zero bytes.
  const Digest named =
      Digest::Parse("sha256:66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925")
          .value();
  Grant bound = MakeGrant("grt_2");
  bound.digests = {named};
  Issue(bound);
  target_.grant = "grt_2";
  target_.mechanism.type = CKM_ECDSA_SHA384;
  ASSERT_TRUE(SignAs("unix:alice").has_value());
  target_.mechanism.type = CKM_ECDSA_SHA1;
  const auto weak = SignAs("unix:alice");
  ASSERT_FALSE(weak.has_value());
  EXPECT_EQ(weak.error().cause, Cause::kDigestNotInGrant);
  EXPECT_THAT(weak.error().message, HasSubstr("signed with sha1, the grant names sha256"));
  EXPECT_THAT(Audit().back().detail, HasSubstr(named.text()));
  EXPECT_TRUE(store_->Read([&](Tables& tables) -> Status {
    GRANT_TRY(const auto uses, tables.UsesOf("grt_2", 10));
    EXPECT_EQ(uses.at(0).digest, named.text());
    return {};
  }));
}

TEST_F(SigningTest, GivesTheUseBackWhereTheTokenRefused) {
  sign_ = [] { return tl::make_unexpected(TokenFailure{CKR_DATA_LEN_RANGE, "C_Sign", true}); };
  const auto outcome = SignAs("unix:alice");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().cause, Cause::kTokenRefused);
  EXPECT_EQ(outcome.error().token_rv, CKR_DATA_LEN_RANGE);
  EXPECT_FALSE(delivered_);
  EXPECT_EQ(Used(), 0U);
  EXPECT_THAT(Events(), testing::ElementsAre("signature.spent", "signature.returned"));
}

TEST_F(SigningTest, KeepsTheUseSpentWhereTheTokensAnswerIsNotKnown) {
  sign_ = [] { return tl::make_unexpected(TokenFailure{CKR_DEVICE_REMOVED, "C_Sign", false}); };
  const auto outcome = SignAs("unix:alice");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().cause, Cause::kTokenUnavailable);
  EXPECT_THAT(outcome.error().message, HasSubstr("the use stays spent"));
  EXPECT_EQ(Used(), 1U);
  EXPECT_THAT(Events(), testing::ElementsAre("signature.spent", "signature.unsettled"));
}

TEST_F(SigningTest, SurvivesATokenThatThrows) {
  sign_ = []() -> tl::expected<Bytes, TokenFailure> { throw std::bad_alloc(); };
  EXPECT_FALSE(SignAs("unix:alice").has_value());
  EXPECT_EQ(Used(), 1U);
}

TEST_F(SigningTest, DestroysASignatureThatARevocationOvertook) {
  sign_ = [this] {
    // By the time this write is durable, so is the spend that was queued before it.
    EXPECT_TRUE(store_->Write([](Tables& tables) -> Status {
      GRANT_TRY(auto held, tables.FindGrant("grt_1"));
      GRANT_TRY(const Grant revoked, Revoke(*held, P("unix:bob"), "stop", At(10)));
      return tables.RecordRevocation(revoked);
    }));
    signing_.Withdraw("grt_1");
    return Bytes(64, 1);
  };
  const auto outcome = SignAs("unix:alice");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().cause, Cause::kRevoked);
  EXPECT_FALSE(delivered_);
  EXPECT_EQ(Used(), 1U);
}

TEST_F(SigningTest, DestroysASignatureThatTheSealOvertook) {
  sign_ = [this] {
    EXPECT_TRUE(store_->Write([](Tables&) { return Status(); }));
    signing_.WithdrawAll();
    return Bytes(64, 1);
  };
  const auto outcome = SignAs("unix:alice");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().cause, Cause::kSealed);
  EXPECT_FALSE(delivered_);
  EXPECT_EQ(Used(), 1U) << "it stays spent";
}

TEST_F(SigningTest, NeverAsksTheTokenForWhomIsNotAUser) {
  bool asked = false;
  sign_ = [&asked] {
    asked = true;
    return Bytes(64, 1);
  };
  const auto outcome = SignAs("unix:mallory");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().cause, Cause::kNotAUser);
  EXPECT_FALSE(asked);
  EXPECT_THAT(Events(), testing::ElementsAre("signature.refused"));
}

// What is known of the grants from the signature before must not let the next one through.
TEST_F(SigningTest, NeverAsksTheTokenOnceTheGrantIsUsedUp) {
  int asked = 0;
  sign_ = [&asked] {
    ++asked;
    return Bytes(64, 1);
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(SignAs("unix:alice").has_value());
  const auto outcome = SignAs("unix:alice");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().cause, Cause::kUsedUp);
  EXPECT_EQ(asked, 3);
}

TEST_F(SigningTest, SeesARevocationAtTheNextSignature) {
  int asked = 0;
  sign_ = [&asked] {
    ++asked;
    return Bytes(64, 1);
  };
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  EXPECT_TRUE(store_->Write([](Tables& tables) -> Status {
    GRANT_TRY(auto held, tables.FindGrant("grt_1"));
    GRANT_TRY(const Grant revoked, Revoke(*held, P("unix:bob"), "stop", At(10)));
    return tables.RecordRevocation(revoked);
  }));
  const auto outcome = SignAs("unix:alice");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().cause, Cause::kRevoked);
  EXPECT_EQ(asked, 1);
}

TEST_F(SigningTest, SeesAGrantAndRulesThatCameSinceTheLastSignature) {
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  Grant sooner = MakeGrant("grt_2");
  sooner.not_after = At(1800);
  Issue(sooner);
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  EXPECT_EQ(Used("grt_2"), 1U);
  Rules rules = MakeRules();
  rules.signers.clear();
  EXPECT_TRUE(store_->Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendRules(rules, P("unix:root"), At(0)));
    return {};
  }));
  const auto outcome = SignAs("unix:alice");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().cause, Cause::kNotGoverned);
}

TEST_F(SigningTest, AUseThatWasGivenBackCanBeSpent) {
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(SignAs("unix:alice").has_value());
  sign_ = [] { return tl::make_unexpected(TokenFailure{CKR_DATA_LEN_RANGE, "C_Sign", true}); };
  EXPECT_FALSE(SignAs("unix:alice").has_value());
  sign_ = [] { return Bytes(64, 1); };
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  EXPECT_FALSE(SignAs("unix:alice").has_value());
  EXPECT_EQ(Used(), 3U);
}

TEST_F(SigningTest, ExplainsUsesThatAnEarlierRunLeftOpen) {
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  Signing next(
      *store_, keys_, logins_, [] { return At(20); }, Site{});
  EXPECT_EQ(next.RecoverUnsettled().value(), 1U);
  EXPECT_EQ(next.RecoverUnsettled().value(), 0U);
  EXPECT_THAT(Events(), testing::ElementsAre("signature.spent", "signature.unsettled"));
  EXPECT_EQ(Used(), 1U);
}

}  // namespace
}  // namespace grant
