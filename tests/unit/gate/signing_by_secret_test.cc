#include <nlohmann/json.hpp>

#include "grantd/domain/grant_secret.h"
#include "tests/unit/gate/signing_fixture.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kSecret = MakeGrantSecret(SecretEntropy{2});
const std::string kUnknownSecret = MakeGrantSecret(SecretEntropy{100});

class SigningBySecretTest : public SigningTest {
 protected:
  SigningBySecretTest() {
    Grant held = MakeGrant("grt_2");
    held.secret_hash = HashOfGrantSecret(kSecret);
    // It ends last, so it is not the one that grantd would choose.
    held.not_after = At(7200);
    Issue(held);
    target_.secret = kSecret;
  }

  gate::Refused Refusal(const std::string& who) {
    const auto outcome = SignAs(who);
    EXPECT_FALSE(delivered_);
    return outcome ? gate::Refused{} : outcome.error();
  }
};

TEST_F(SigningBySecretTest, AnybodySignsUnderItsGrantAndNoOther) {
  EXPECT_TRUE(SignAs("unix:bob"));
  EXPECT_TRUE(delivered_);
  EXPECT_TRUE(SignAs("unix:alice"));
  EXPECT_EQ(Used("grt_2"), 2U);
  EXPECT_EQ(Used("grt_1"), 0U);
}

TEST_F(SigningBySecretTest, TheAuditNamesTheCallerAndTheHolderAndNeverTheSecret) {
  EXPECT_TRUE(SignAs("unix:bob"));
  ASSERT_THAT(Events(), ElementsAre("signature.spent"));
  const AuditEvent event = Audit().front();
  EXPECT_EQ(event.actor, P("unix:bob"));
  EXPECT_EQ(event.subject, "grt_2");
  const auto detail = nlohmann::json::parse(event.detail);
  EXPECT_EQ(detail["with_secret"], true);
  EXPECT_EQ(detail["holder"], "unix:alice");
  EXPECT_THAT(event.detail, Not(HasSubstr("gsec_")));
  EXPECT_THAT(event.detail, Not(HasSubstr(HashOfGrantSecret(kSecret))));
}

TEST_F(SigningBySecretTest, WithoutItTheCallerIsNobody) {
  target_.secret.clear();
  EXPECT_EQ(Refusal("unix:bob").cause, Cause::kNotAUser);
}

TEST_F(SigningBySecretTest, AUsedUpGrantIsNotReplacedByAnother) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(SignAs("unix:alice"));
  const gate::Refused refused = Refusal("unix:alice");
  EXPECT_EQ(refused.cause, Cause::kUsedUp);
  EXPECT_THAT(refused.message, HasSubstr("grant grt_2 is used up (3 of 3)"));
  EXPECT_THAT(refused.hint, HasSubstr("--secret"));
  EXPECT_EQ(Used("grt_1"), 0U);
}

TEST_F(SigningBySecretTest, TheHolderMustStillBeAUserBeItThroughAGroup) {
  Grant held = MakeGrant("grt_3");
  held.holder = P("unix:erin");
  held.secret_hash = HashOfGrantSecret(MakeGrantSecret(SecretEntropy{3}));
  Issue(held);
  target_.secret = MakeGrantSecret(SecretEntropy{3});
  const gate::Refused refused = Refusal("unix:bob");
  EXPECT_EQ(refused.cause, Cause::kNotAUser);
  EXPECT_THAT(refused.message, HasSubstr("unix:erin, the holder of grant grt_3, is not a user"));
  user_database_[P("unix:erin")] = Ps({"unix-group:release"});
  EXPECT_TRUE(SignAs("unix:bob"));
}

TEST_F(SigningBySecretTest, TheUserDatabaseIsNotAskedWithinTheStore) {
  Logins logins(
      *store_, keys_, [this] { return now_; },
      [this](const Principal&) -> std::vector<Principal> {
        // Would wait for ever if a write were under way on this thread.
        EXPECT_TRUE(store_->Write([](Tables&) { return Status(); }));
        return {};
      });
  Signing signing(
      *store_, keys_, logins, [this] { return now_; }, Site{});
  auto operation = signing.Begin(PeerAs("unix:bob"), target_);
  ASSERT_TRUE(operation.has_value());
  operation->content.Add(Bytes(32));
  EXPECT_TRUE(signing.Complete(*std::move(operation), [](const Bytes&) {}));
}

TEST_F(SigningBySecretTest, AnotherSignersKeyIsRefusedNamingWhatTheSecretIsFor) {
  Rules rules = MakeRules();
  rules.signers[1].key = "pkcs11:token=prod;object=other-key";
  EXPECT_TRUE(store_->Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendRules(rules, P("unix:root"), At(0)));
    return {};
  }));
  target_.key_id = kOtherKeyId;
  const gate::Refused refused = Refusal("unix:alice");
  EXPECT_EQ(refused.cause, Cause::kNoGrant);
  EXPECT_THAT(refused.message, HasSubstr("of grant grt_2 for signer release, not for signer open"));
}

TEST_F(SigningBySecretTest, TheSelectedGrantMustBeItsGrant) {
  target_.grant = "grt_1";
  const gate::Refused refused = Refusal("unix:alice");
  EXPECT_EQ(refused.cause, Cause::kNoGrant);
  EXPECT_THAT(refused.message, HasSubstr("of grant grt_2, but GRANTD_GRANT names grant grt_1"));
  target_.grant = "grt_2";
  EXPECT_TRUE(SignAs("unix:alice"));
}

TEST_F(SigningBySecretTest, AnUnknownOneIsRefusedAndCounted) {
  target_.secret = kUnknownSecret;
  EXPECT_EQ(Refusal("unix:alice").cause, Cause::kWrongSecret);
  EXPECT_THAT(Events(), ElementsAre("signature.refused"));
  for (size_t i = 1; i < kWrongSecretsMax; ++i) EXPECT_FALSE(SignAs("unix:alice"));
  EXPECT_EQ(Refusal("unix:alice").cause, Cause::kTooManySecrets);
  EXPECT_THAT(Events(), testing::Contains("login.locked").Times(1));
  target_.secret = kSecret;
  EXPECT_TRUE(SignAs("unix:alice")) << "those who share a user cannot stop one another";
}

TEST_F(SigningBySecretTest, ALongSignatureIsRefusedAtItsEndAndCountedOnce) {
  target_.secret = kUnknownSecret;
  auto operation = signing_.Begin(PeerAs("unix:alice"), target_);
  ASSERT_TRUE(operation.has_value());
  EXPECT_TRUE(operation->target.secret.empty()) << "it is not kept";
  operation->content.Add(Bytes(32));
  EXPECT_FALSE(signing_.Complete(*std::move(operation), [](const Bytes&) {}));
  EXPECT_THAT(Events(), ElementsAre("signature.refused"));
}

TEST_F(SigningBySecretTest, ASignerThatLostItsPolicyStillSpendsTheGrant) {
  Rules rules = MakeRules();
  rules.signers.pop_back();
  rules.signers[0].policy.clear();
  EXPECT_TRUE(store_->Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendRules(rules, P("unix:root"), At(0)));
    return {};
  }));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(SignAs("unix:bob"));
  EXPECT_EQ(Refusal("unix:bob").cause, Cause::kUsedUp);
}

TEST_F(SigningBySecretTest, WhereAnyPinPassesAnUnknownOneIsNone) {
  Rules rules = MakeRules();
  rules.signers.pop_back();
  rules.signers[0].key = "pkcs11:token=any-pin;object=release-key";
  EXPECT_TRUE(store_->Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendRules(rules, P("unix:root"), At(0)));
    return {};
  }));
  target_.token = "any-pin";
  EXPECT_TRUE(SignAs("unix:bob"));
  EXPECT_EQ(Used("grt_2"), 1U) << "a known one counts";
  target_.secret = "92716455";
  EXPECT_TRUE(SignAs("unix:alice"));
  EXPECT_EQ(Used("grt_1"), 1U);
  target_.secret = kUnknownSecret;
  EXPECT_EQ(Refusal("unix:bob").cause, Cause::kNotAUser);
}

}  // namespace
}  // namespace grant
