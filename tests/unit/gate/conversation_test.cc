// What a client may say when, over a real socket.
#include "grantd/gate/conversation.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "tests/unit/gate/signing_fixture.h"

namespace grant {
namespace {

class ConversationTest : public SigningTest {
 protected:
  ConversationTest() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    client_ = gate::Connection(ends[0]);
    server_ = std::thread([this, end = ends[1]] {
      gate::Connection connection(end);
      Converse(connection, peer_, GateServices{inventory_, logins_, signing_, public_, quotas_},
               GateLimits{});
    });
    EXPECT_EQ(Ask(gate::Hello{}), gate::MessageType::kWelcome);
  }
  ~ConversationTest() override {
    client_.Close();
    server_.join();
  }

  static gate::Deadline Soon() {
    return std::chrono::steady_clock::now() + std::chrono::minutes(1);
  }

  // The type of the answer; its body stays in `body_`. Nothing where the conversation has ended.
  template <typename M>
  std::optional<gate::MessageType> Ask(const M& message) {
    auto answer = client_.Call(M::kType, gate::Encode(message), Soon());
    if (!answer) return std::nullopt;
    body_ = std::move(answer->body);
    return answer->type;
  }
  void Tell(const gate::Data& data) {
    EXPECT_TRUE(client_.Send(gate::Data::kType, 0, gate::Encode(data), Soon()));
  }
  Cause Refusal() { return gate::Decode<gate::Refused>(body_).value().cause; }

  Peer peer_ = PeerAs("unix:alice");
  PublicOperations public_{keys_};
  UserQuotas quotas_{{2, size_t{96} * 1024}};
  gate::Connection client_;
  std::thread server_;
  Bytes body_;
};

// FIPS 180-4, example.
constexpr const char* kSha256OfAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_F(ConversationTest, ADigestTakesItsDataAtOnceOrInParts) {
  ASSERT_EQ(Ask(gate::Digest{CKM_SHA256, {'a', 'b', 'c'}}), gate::MessageType::kDigestValue);
  EXPECT_EQ(Hex(gate::Decode<gate::DigestValue>(body_)->value), kSha256OfAbc);
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(Ask(gate::DigestBegin{CKM_SHA256}), gate::MessageType::kBegun);
    Tell({{'a'}});
    Tell({{'b', 'c'}});
    ASSERT_EQ(Ask(gate::DigestEnd{}), gate::MessageType::kDigestValue);
    EXPECT_EQ(Hex(gate::Decode<gate::DigestValue>(body_)->value), kSha256OfAbc);
  }
}

TEST_F(ConversationTest, ARefusedBeginningLeavesTheConnectionInUse) {
  ASSERT_EQ(Ask(gate::DigestBegin{CKM_SHA256_HMAC}), gate::MessageType::kRefused);
  EXPECT_EQ(Refusal(), Cause::kMechanismNotAllowed);
  const gate::VerifyTarget of_a_private_key{"prod", kKeyId, {CKM_ECDSA, {}}};
  ASSERT_EQ(Ask(gate::VerifyBegin{of_a_private_key}), gate::MessageType::kRefused);
  EXPECT_EQ(Refusal(), Cause::kKeyNotFound);
  ASSERT_EQ(Ask(gate::Verify{of_a_private_key, {1}, {2}}), gate::MessageType::kRefused);
  EXPECT_EQ(Refusal(), Cause::kKeyNotFound);
  ASSERT_EQ(Ask(gate::GetRandom{"prod", 8}), gate::MessageType::kRefused);
  EXPECT_EQ(Ask(gate::GetTokens{}), gate::MessageType::kTokens);
}

TEST_F(ConversationTest, AnOperationIsEndedByItsOwnEndOnly) {
  ASSERT_EQ(Ask(gate::DigestBegin{CKM_SHA256}), gate::MessageType::kBegun);
  ASSERT_EQ(Ask(gate::VerifyEnd{{1}}), gate::MessageType::kRefused);
  EXPECT_EQ(Refusal(), Cause::kProtocol);
  EXPECT_EQ(Ask(gate::GetTokens{}), std::nullopt);
}

TEST_F(ConversationTest, NothingElseIsAskedInTheMiddleOfAnOperation) {
  ASSERT_EQ(Ask(gate::SignBegin{target_}), gate::MessageType::kBegun);
  ASSERT_EQ(Ask(gate::Digest{CKM_SHA256, {}}), gate::MessageType::kRefused);
  EXPECT_EQ(Refusal(), Cause::kProtocol);
  EXPECT_EQ(Ask(gate::SignEnd{}), std::nullopt);
  EXPECT_EQ(Used(), 0U);
}

TEST_F(ConversationTest, DataAndEndsNeedABeginning) {
  ASSERT_EQ(Ask(gate::DigestEnd{}), gate::MessageType::kRefused);
  EXPECT_EQ(Refusal(), Cause::kProtocol);
  EXPECT_EQ(Ask(gate::GetTokens{}), std::nullopt);
}

}  // namespace
}  // namespace grant
