// What an attacker with an account on the machine would try at the gate socket itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "grant/cryptoki/cryptoki.h"
#include "grant/gate/connection.h"
#include "grantd/descriptor.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');

gate::Deadline Soon() {
  return std::chrono::steady_clock::now() + std::chrono::minutes(1);
}

gate::Connection Greet(const World& world) {
  auto connection = gate::Connection::Open("unix:" + world.gate_path(), Soon()).value();
  connection.Call(gate::Hello::kType, gate::Encode(gate::Hello{}), Soon()).value();
  return connection;
}

// The very bytes that the module sends for a signature with release-key.
Bytes SignatureWish(const World& world) {
  gate::Connection connection = Greet(world);
  const auto frame =
      connection.Call(gate::GetObjects::kType, gate::Encode(gate::GetObjects{"prod", 0}), Soon());
  gate::Sign wish;
  wish.target.token = "prod";
  wish.target.mechanism.type = CKM_ECDSA;
  wish.data = Bytes(32, 0xaa);
  const auto answer = gate::Decode<gate::Objects>(frame->body).value();
  for (const gate::ObjectRecord& object : answer.objects) {
    if (object.signer) wish.target.key_id = object.id;
  }
  return gate::Encode(wish);
}

gate::MessageType AnswerTo(gate::Connection& connection, const Bytes& wish) {
  return connection.Call(gate::Sign::kType, wish, Soon()).value().type;
}

TEST(ReplayedFrames, AreUsesOfTheirOwnAndNeverMoreThanTheCount) {
  World world;
  world.Start();
  world.ApplyRules({PrincipalOf(geteuid())});
  const std::string id = world.Grant(2);
  const Bytes wish = SignatureWish(world);

  gate::Connection one = Greet(world);
  gate::Connection other = Greet(world);
  EXPECT_EQ(AnswerTo(one, wish), gate::MessageType::kSignature);
  EXPECT_EQ(AnswerTo(other, wish), gate::MessageType::kSignature);
  EXPECT_EQ(AnswerTo(one, wish), gate::MessageType::kRefused);
  EXPECT_EQ(AnswerTo(other, wish), gate::MessageType::kRefused);
  EXPECT_EQ(world.Used(id), 2);
}

TEST(ReplayedFrames, OfAnotherUserAreJudgedByWhoSendsThem) {
  if (!IsRoot()) GTEST_SKIP() << "needs root, to be a user without rights";
  World world({{KeyKind::kP256, "release-key", "01"}}, kDaemonUid);
  world.Start();
  world.ApplyRules({PrincipalOf(kAliceUid)});
  const std::string id = world.Grant(1, {"--window", "1h"}, kAliceUid);
  const Bytes wish = SignatureWish(world);  // alice's would be the same bytes

  gate::Connection mallory = Greet(world);  // this test's own user, who is no user of the signer
  EXPECT_EQ(AnswerTo(mallory, wish), gate::MessageType::kRefused);
  EXPECT_EQ(world.Used(id), 0);

  const auto alice = world.NewHost(kAliceUid);
  ASSERT_EQ(alice->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(alice->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
}

// A socket in somebody's own directory, and whether anybody ever came to it.
class PlantedSocket {
 public:
  explicit PlantedSocket(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(fd_.get(), 1) != 0 || chmod(path.c_str(), 0777) != 0) {
      throw std::runtime_error("cannot listen at " + path);
    }
  }
  bool WasVisited() const {
    pollfd visit{fd_.get(), POLLIN, 0};
    return poll(&visit, 1, 0) > 0;
  }

 private:
  Descriptor fd_;
};

class SetuidHost : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsRoot()) GTEST_SKIP() << "needs root, to make a program of another user";
    chmod(directory_.path().c_str(), 0755);
    std::filesystem::copy_file(SIGNING_HOST_PROGRAM, program_);
  }

  // What the host says of the slots, started by alice with an environment of her choice.
  Outcome StartedByAlice(const Environment& environment) {
    const std::string number = std::to_string(kAliceUid);
    return test::Run({"sh", "-c",
                      "echo slots | timeout 20 setpriv --reuid " + number + " --regid " + number +
                          " --clear-groups " + program_ + " " + GRANT_PKCS11_MODULE},
                     environment);
  }

  TempDir directory_;
  std::string program_ = directory_ / "host";
  std::string planted_path_ = directory_ / "planted.sock";
};

TEST_F(SetuidHost, TakesNoSocketNorConfigurationFromTheEnvironment) {
  const PlantedSocket planted(planted_path_);
  ASSERT_EQ(chmod(program_.c_str(), 04755), 0);
  const Outcome outcome = StartedByAlice({{"GRANTD_GATE", "unix:" + planted_path_},
                                          {"GRANT_PKCS11_LOG", directory_ / "log"},
                                          {"GRANT_PKCS11_CONFIG", directory_ / "none.conf"}});
  EXPECT_THAT(outcome.output, HasSubstr("CKR_OK"));
  EXPECT_FALSE(planted.WasVisited());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "log"));
}

TEST_F(SetuidHost, IsToldFromOthersByItsBitAlone) {
  const PlantedSocket planted(planted_path_);
  ASSERT_EQ(chmod(program_.c_str(), 0755), 0);
  StartedByAlice({{"GRANTD_GATE", "unix:" + planted_path_}});
  EXPECT_TRUE(planted.WasVisited());
}

}  // namespace
}  // namespace grant::test
