// One user at a limit leaves the others unhindered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "grant/cryptoki/cryptoki.h"
#include "grant/gate/connection.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class UserLimits : public testing::Test {
 protected:
  static gate::Deadline Soon() {
    return std::chrono::steady_clock::now() + std::chrono::minutes(1);
  }

  void Start(const std::string& limits) {
    world_.ConfigureDaemon("[limits]\n" + limits);
    world_.Start();
    world_.ApplyRulesText("[[signer]]\nname = \"open\"\nusers = [\"" + PrincipalOf(kAliceUid) +
                          "\"]\nkey = \"pkcs11:token=prod;object=release-key\"\n");
  }

  gate::Connection Connect(const std::string& path) {
    return gate::Connection::Open("unix:" + path, Soon()).value();
  }

  // A greeted connection of the test's own user, or why there is none.
  tl::expected<gate::Connection, gate::Refused> Greet() {
    gate::Connection connection = Connect(world_.gate_path());
    const auto answer =
        connection.Call(gate::Hello::kType, gate::Encode(gate::Hello{}), Soon()).value();
    if (answer.type == gate::MessageType::kWelcome) return connection;
    return tl::unexpected(gate::Decode<gate::Refused>(answer.body).value());
  }

  void ExpectAliceToSign() {
    const auto alice = world_.NewHost(kAliceUid);
    EXPECT_EQ(alice->Do("find release-key"), "CKR_OK");
    EXPECT_THAT(alice->Do("sign ECDSA hex:" + std::string(64, 'a')), StartsWith("CKR_OK "));
  }

  void SetUp() override {
    if (!IsRoot()) GTEST_SKIP() << "needs root, to be several users";
  }

  World world_;
};

TEST_F(UserLimits, OfConnectionsToTheGate) {
  Start("gate_connections = 9\ngate_connections_per_user = 4\n");
  std::vector<gate::Connection> held;
  std::optional<gate::Refused> refused;
  while (!refused) {
    auto connection = Greet();
    if (!connection) {
      refused = connection.error();
    } else {
      held.push_back(*std::move(connection));
    }
  }
  EXPECT_EQ(held.size(), 4U);
  EXPECT_EQ(refused->cause, Cause::kBusy);
  EXPECT_THAT(refused->message, HasSubstr("uid 0, 4"));
  EXPECT_THAT(refused->hint, HasSubstr("gate_connections_per_user in [limits]"));
  ExpectAliceToSign();
}

TEST_F(UserLimits, OfOpenOperations) {
  Start("open_operations_per_user = 2\n");
  std::vector<gate::Connection> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(Greet().value());
    const auto answer = held.back().Call(gate::DigestBegin::kType,
                                         gate::Encode(gate::DigestBegin{CKM_SHA256}), Soon());
    ASSERT_TRUE(answer);
    if (i < 2) {
      EXPECT_EQ(answer->type, gate::MessageType::kBegun);
      continue;
    }
    const auto refused = gate::Decode<gate::Refused>(answer->body).value();
    EXPECT_EQ(refused.cause, Cause::kBusy);
    EXPECT_THAT(refused.hint, HasSubstr("open_operations_per_user in [limits]"));
  }
  ExpectAliceToSign();
}

TEST_F(UserLimits, OfConnectionsToTheApi) {
  Start("api_connections_per_user = 3\n");
  std::vector<gate::Connection> held;
  for (int i = 0; i < 3; ++i) held.push_back(Connect(world_.api_path()));
  // Connections are taken in order, so grantd has the three when it comes to this one.
  const gate::Connection fourth = Connect(world_.api_path());
  std::string answer(4096, '\0');
  const ssize_t got = recv(fourth.fd(), answer.data(), answer.size(), 0);
  ASSERT_GT(got, 0);
  EXPECT_THAT(answer, HasSubstr("of uid 0 there may be 3"));
  EXPECT_THAT(answer, HasSubstr("api_connections_per_user"));
  EXPECT_EQ(world_.Ctl({"whoami"}, kAliceUid).exit_code, 0);
}

TEST_F(UserLimits, OfWrongSecrets) {
  Start("wrong_secrets = 2\nwrong_secrets_lock = \"1h\"\n");
  const auto guesser = world_.NewHost();
  EXPECT_THAT(guesser->Do("login wrong"), StartsWith("CKR_PIN_INCORRECT"));
  EXPECT_THAT(guesser->Do("login wrong"), StartsWith("CKR_PIN_INCORRECT"));
  EXPECT_THAT(guesser->Do("login wrong"), StartsWith("CKR_PIN_LOCKED"));
  const auto alice = world_.NewHost(kAliceUid);
  EXPECT_THAT(alice->Do("login wrong"), StartsWith("CKR_PIN_INCORRECT"));
  ExpectAliceToSign();
}

}  // namespace
}  // namespace grant::test
