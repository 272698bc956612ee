#include "grantd/gate/logins.h"

#include <nlohmann/json.hpp>

#include "grantd/domain/grant_secret.h"
#include "tests/unit/gate/signing_fixture.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string Secret(uint8_t number) {
  return MakeGrantSecret(SecretEntropy{number});
}

class LoginsTest : public SigningTest {
 protected:
  LoginsTest() {
    Grant held = MakeGrant("grt_2");
    held.secret_hash = HashOfGrantSecret(Secret(2));
    Issue(held);
  }

  tl::expected<gate::LoginAccepted, gate::Refused> LogIn(const std::string& pin,
                                                         const std::string& who = "unix:bob",
                                                         const std::string& token = "prod") {
    return logins_.Check(PeerAs(who), {token, pin});
  }

  gate::Refused Refusal(const std::string& pin, const std::string& who = "unix:bob",
                        const std::string& token = "prod") {
    const auto outcome = LogIn(pin, who, token);
    return outcome ? gate::Refused{} : outcome.error();
  }

  void FileOpenRequest(RequestStatus status = RequestStatus::kOpen) {
    Request request =
        FileRequest(MakeWish(), MakeRules(), Who("unix:alice"), At(0), "req_9").value();
    request.secret_hash = HashOfGrantSecret(Secret(9));
    request.status = status;
    EXPECT_TRUE(store_->Write([&](Tables& tables) { return tables.InsertRequest(request); }));
  }
};

TEST_F(LoginsTest, AnEmptyPinAlwaysPassesAndIsNeverCounted) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(LogIn(""));
  EXPECT_THAT(Events(), ElementsAre());
}

TEST_F(LoginsTest, AGrantsSecretPassesForEverybody) {
  for (const char* who : {"unix:alice", "unix:bob", "unix:#12345"}) {
    EXPECT_TRUE(LogIn(Secret(2), who)) << who;
  }
}

TEST_F(LoginsTest, AGrantsSecretPassesWhateverBecameOfTheGrant) {
  Grant revoked = MakeGrant("grt_3");
  revoked.secret_hash = HashOfGrantSecret(Secret(3));
  revoked.revocation = Revocation{P("unix:bob"), At(5), "stop"};
  Issue(revoked);
  EXPECT_TRUE(LogIn(Secret(3)));
  now_ = At(1'000'000);
  EXPECT_TRUE(LogIn(Secret(2)));
}

TEST_F(LoginsTest, ASecretOfAKeyOnAnotherTokenDoesNot) {
  Grant elsewhere = MakeGrant("grt_4");
  elsewhere.signer = "elsewhere";
  elsewhere.secret_hash = HashOfGrantSecret(Secret(4));
  Issue(elsewhere);
  const gate::Refused refused = Refusal(Secret(4));
  EXPECT_EQ(refused.cause, Cause::kWrongSecret);
  EXPECT_THAT(refused.message, HasSubstr("grt_4 for signer elsewhere, which has no key on token "
                                         "prod"));
}

TEST_F(LoginsTest, TheSecretOfAnOpenRequestNamesIt) {
  FileOpenRequest();
  const gate::Refused refused = Refusal(Secret(9));
  EXPECT_EQ(refused.cause, Cause::kWrongSecret);
  EXPECT_EQ(refused.message, "request req_9 is not approved yet");
  EXPECT_EQ(refused.hint, "grantctl request show req_9");
  now_ = At(10'000'000);
  EXPECT_THAT(Refusal(Secret(9)).message, HasSubstr("request req_9 is expired"));
  EXPECT_EQ(Refusal(Secret(9), "unix:bob", "any-pin").cause, Cause::kWrongSecret)
      << "whoever gives a secret wants no other grant";
}

TEST_F(LoginsTest, WaitingForAnApprovalLocksNobody) {
  FileOpenRequest();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Refusal(Secret(9)).cause, Cause::kWrongSecret);
  EXPECT_THAT(Events(), ElementsAre());
}

TEST_F(LoginsTest, AWrongPinIsRefusedAndRecordedWithoutIt) {
  const gate::Refused refused = Refusal("92716455");
  EXPECT_EQ(refused.cause, Cause::kWrongSecret);
  EXPECT_THAT(refused.message, Not(HasSubstr("92716455")));
  EXPECT_THAT(refused.hint, HasSubstr("leave the PIN empty"));
  ASSERT_THAT(Events(), ElementsAre("login.refused"));
  const AuditEvent event = Audit().front();
  EXPECT_EQ(event.actor, P("unix:bob"));
  EXPECT_EQ(event.subject, "prod");
  EXPECT_THAT(event.detail, Not(HasSubstr("92716455")));
  EXPECT_EQ(nlohmann::json::parse(event.detail)["cause"], "wrong-secret");
}

TEST_F(LoginsTest, TooManyWrongPinsLockTheUserAndFloodNoAudit) {
  for (size_t i = 0; i < kWrongSecretsMax; ++i) {
    EXPECT_EQ(Refusal(Secret(100)).cause, Cause::kWrongSecret) << i;
  }
  for (int i = 0; i < 50; ++i) {
    const gate::Refused refused = Refusal(Secret(100));
    EXPECT_EQ(refused.cause, Cause::kTooManySecrets);
    EXPECT_THAT(refused.hint, HasSubstr("from " + FormatTime(At(610)) + " on"));
  }
  std::vector<std::string> expected(kWrongSecretsMax, "login.refused");
  expected.emplace_back("login.locked");
  EXPECT_EQ(Events(), expected);

  EXPECT_TRUE(LogIn(Secret(2))) << "others who share the user are not stopped";
  EXPECT_TRUE(LogIn("")) << "an empty PIN is none";
  EXPECT_EQ(Refusal(Secret(100)).cause, Cause::kTooManySecrets);
  now_ = At(610);
  EXPECT_EQ(Refusal(Secret(100)).cause, Cause::kWrongSecret);
}

TEST_F(LoginsTest, ARightSecretForgivesNoWrongOnes) {
  for (size_t i = 1; i < kWrongSecretsMax; ++i) {
    EXPECT_FALSE(LogIn("wrong"));
    EXPECT_TRUE(LogIn(Secret(2)));
  }
  EXPECT_FALSE(LogIn("wrong"));
  EXPECT_EQ(Refusal("wrong").cause, Cause::kTooManySecrets);
}

TEST_F(LoginsTest, WhereAnyPinPassesNoneIsCounted) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(LogIn("whatever", "unix:bob", "any-pin"));
    EXPECT_TRUE(LogIn(Secret(100), "unix:bob", "any-pin"));
  }
  EXPECT_TRUE(LogIn(Secret(2), "unix:bob", "any-pin"));
  EXPECT_THAT(Events(), ElementsAre());
}

TEST_F(LoginsTest, ATokenThatGrantdDoesNotServeIsNamed) {
  EXPECT_EQ(Refusal("x", "unix:bob", "nowhere").cause, Cause::kTokenUnavailable);
}

}  // namespace
}  // namespace grant
