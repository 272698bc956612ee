// The way of one signature, over a real store and a token that does what a test wants.
#include "grantd/gate/signing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <stdexcept>

#include "tests/support/temp_dir.h"
#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::HasSubstr;

constexpr uint64_t kKeyId = 7;

class FakeToken : public Token {
 public:
  using Signer = std::function<tl::expected<Bytes, TokenFailure>()>;

  explicit FakeToken(Signer& sign) : sign_(sign) {
    settings_.name = "prod";
    const CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
    const auto* bytes = reinterpret_cast<const uint8_t*>(&private_key);
    const ByteView label = AsBytes("release-key");
    TokenObject key{kKeyId, CKO_PRIVATE_KEY, {}};
    key.attributes = {{CKA_CLASS, false, Bytes(bytes, bytes + sizeof private_key)},
                      {CKA_LABEL, false, Bytes(label.begin(), label.end())}};
    objects_ = std::make_shared<const TokenObjects>(TokenObjects{1, {key}});
  }

  const TokenSettings& settings() const override { return settings_; }
  gate::TokenRecord Describe() override {
    gate::TokenRecord record;
    record.name = "prod";
    record.label = "prod";
    return record;
  }
  Result<std::shared_ptr<const TokenObjects>> Objects() override { return objects_; }
  tl::expected<Bytes, TokenFailure> Sign(uint64_t, const gate::SignMechanism&, ByteView) override {
    return sign_();
  }

 private:
  Signer& sign_;
  TokenSettings settings_;
  std::shared_ptr<const TokenObjects> objects_;
};

class SigningTest : public testing::Test {
 protected:
  SigningTest() : store_(OpenSqliteStore(dir_ / "state").value()), keys_(Tokens()) {
    Rules rules = MakeRules();
    rules.signers.pop_back();
    Request request = FileRequest(MakeWish(), rules, Who("unix:alice"), At(0), "req_1").value();
    Grant held = MakeGrant("grt_1");
    held.request_id = request.id;
    EXPECT_TRUE(store_->Write([&](Tables& tables) -> Status {
      GRANT_CHECK(tables.AppendRules(rules, P("unix:root"), At(0)));
      GRANT_CHECK(tables.InsertRequest(request));
      return tables.InsertGrant(held);
    }));
  }

  std::vector<std::unique_ptr<Token>> Tokens() {
    std::vector<std::unique_ptr<Token>> tokens;
    tokens.push_back(std::make_unique<FakeToken>(sign_));
    return tokens;
  }

  // Signs as `who`; says whether a signature was delivered.
  tl::expected<void, gate::Refused> SignAs(const std::string& who) {
    delivered_ = false;
    gate::SignTarget target;
    target.token = "prod";
    target.key_id = kKeyId;
    target.mechanism.type = CKM_ECDSA;
    Peer peer;
    peer.identity = Who(who);
    auto operation = signing_.Begin(peer, target);
    if (!operation) return tl::unexpected(operation.error());
    operation->content.Add(Bytes(32));
    return signing_.Complete(*std::move(operation), [this](const Bytes&) { delivered_ = true; });
  }

  uint32_t Used() {
    uint32_t used = 0;
    EXPECT_TRUE(store_->Read([&](Tables& tables) -> Status {
      GRANT_TRY(const auto held, tables.FindGrant("grt_1"));
      used = held->used;
      return {};
    }));
    return used;
  }

  std::vector<std::string> Events() {
    std::vector<std::string> events;
    EXPECT_TRUE(store_->Read([&](Tables& tables) -> Status {
      GRANT_TRY(const auto entries, tables.AuditFrom(1, 100));
      for (const AuditEntry& entry : entries) events.push_back(entry.event.event);
      return {};
    }));
    return events;
  }

  test::TempDir dir_;
  std::unique_ptr<Store> store_;
  FakeToken::Signer sign_ = [] { return Bytes(64, 1); };
  KeyDirectory keys_;
  Signing signing_{*store_, keys_, [] { return At(10); }};
  bool delivered_ = false;
};

TEST_F(SigningTest, DeliversAndSpendsOne) {
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  EXPECT_TRUE(delivered_);
  EXPECT_EQ(Used(), 1U);
  EXPECT_THAT(Events(), testing::ElementsAre("signature.spent"));
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

TEST_F(SigningTest, ExplainsUsesThatAnEarlierRunLeftOpen) {
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  Signing next(*store_, keys_, [] { return At(20); });
  EXPECT_EQ(next.RecoverUnsettled().value(), 1U);
  EXPECT_EQ(next.RecoverUnsettled().value(), 0U);
  EXPECT_THAT(Events(), testing::ElementsAre("signature.spent", "signature.unsettled"));
  EXPECT_EQ(Used(), 1U);
}

}  // namespace
}  // namespace grant
