// Whatever some clients do on the gate socket, the others keep signing and grantd's memory stays
// bounded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>

#include "grant/cryptoki/cryptoki.h"
#include "grant/gate/connection.h"
#include "grantd/descriptor.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');
constexpr size_t kMebibyte = size_t{1024} * 1024;

Descriptor ConnectTo(const std::string& path) {
  Descriptor client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to " + path);
  }
  return client;
}

// Best effort: grantd may have hung up.
void Put(const Descriptor& client, ByteView bytes) {
  (void)send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool HangsUp(const Descriptor& client) {
  for (;;) {
    pollfd wait{client.get(), POLLIN, 0};
    if (poll(&wait, 1, 60'000) <= 0) return false;
    std::array<char, 4096> answer;
    const ssize_t got = recv(client.get(), answer.data(), answer.size(), 0);
    if (got <= 0) return true;
  }
}

template <typename M>
Bytes FrameOf(const M& message, uint32_t sequence) {
  return gate::EncodeFrame(M::kType, sequence, gate::Encode(message));
}

class HostileClients : public testing::Test {
 protected:
  HostileClients() {
    world_.Start();
    world_.ApplyRulesText("[[signer]]\nname = \"open\"\nusers = [\"" + PrincipalOf(geteuid()) +
                          "\"]\nkey = \"pkcs11:token=prod;object=release-key\"\n");
    neighbour_ = world_.NewHost();
    EXPECT_EQ(neighbour_->Do("find release-key"), "CKR_OK");
    ExpectOthersToSign();
  }

  Descriptor Connect() { return ConnectTo(world_.gate_path()); }
  Descriptor Greet() {
    Descriptor client = Connect();
    Put(client, FrameOf(gate::Hello{}, 1));
    return client;
  }

  // The beginning of a long operation with release-key.
  gate::SignBegin BeginOfSigning() {
    const gate::Deadline soon = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    auto connection = gate::Connection::Open("unix:" + world_.gate_path(), soon).value();
    connection.Call(gate::Hello::kType, gate::Encode(gate::Hello{}), soon).value();
    const auto frame =
        connection.Call(gate::GetObjects::kType, gate::Encode(gate::GetObjects{"prod", 0}), soon);
    gate::SignBegin begin;
    begin.target.token = "prod";
    begin.target.mechanism.type = CKM_ECDSA_SHA256;
    const gate::Objects answer = gate::Decode<gate::Objects>(frame->body).value();
    for (const gate::ObjectRecord& object : answer.objects) {
      if (object.signer) begin.target.key_id = object.id;
    }
    EXPECT_NE(begin.target.key_id, 0U);
    return begin;
  }

  // The neighbour, who was there before, and somebody who comes now.
  void ExpectOthersToSign() {
    EXPECT_THAT(neighbour_->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
    const auto newcomer = world_.NewHost();
    EXPECT_EQ(newcomer->Do("find release-key"), "CKR_OK");
    EXPECT_THAT(newcomer->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  }

  size_t ResidentBytes() const {
    std::ifstream status("/proc/" + std::to_string(world_.pid()) + "/status");
    for (std::string word; status >> word;) {
      if (word != "VmRSS:") continue;
      size_t kibibytes = 0;
      status >> kibibytes;
      return kibibytes * 1024;
    }
    return 0;
  }

  // The sanitizers keep freed memory for a while.
  void ExpectMemoryBelow(size_t bytes) const {
    if (!std::string(SANITIZED).empty()) return;
    EXPECT_LT(ResidentBytes(), bytes);
  }

  size_t DescriptorCount() const {
    const std::filesystem::directory_iterator open("/proc/" + std::to_string(world_.pid()) + "/fd");
    return static_cast<size_t>(std::distance(begin(open), end(open)));
  }

  World world_;
  std::unique_ptr<Host> neighbour_;
};

TEST_F(HostileClients, WhoSendGarbageAreCutOff) {
  std::mt19937 random(7);
  for (int i = 0; i < 100; ++i) {
    const Descriptor client = i % 2 == 0 ? Connect() : Greet();
    Bytes garbage(1 + random() % 4096);
    for (uint8_t& byte : garbage) byte = static_cast<uint8_t>(random());
    Put(client, garbage);
    shutdown(client.get(), SHUT_WR);
    EXPECT_TRUE(HangsUp(client)) << i;
  }
  ExpectOthersToSign();
}

TEST_F(HostileClients, WhoAnnounceHugeMessagesAreCutOffBeforeAnythingIsKept) {
  const size_t before = ResidentBytes();
  for (int i = 0; i < 100; ++i) {
    const Descriptor client = Greet();
    gate::FrameHeader huge;
    huge.body_bytes = 0xffffffff;
    const Bytes header = gate::EncodeHeader(huge);
    Put(client, header);
    EXPECT_TRUE(HangsUp(client));
  }
  ExpectMemoryBelow(before + 64 * kMebibyte);
  ExpectOthersToSign();
}

TEST_F(HostileClients, WhoStopInTheMiddleOfAMessageHoldNobodyUp) {
  std::vector<Descriptor> clients;
  const Bytes frame = FrameOf(BeginOfSigning(), 2);
  for (size_t cut = 1; cut < frame.size(); ++cut) {
    clients.push_back(Greet());
    Put(clients.back(), ByteView(frame).first(cut));
  }
  ExpectOthersToSign();
}

TEST_F(HostileClients, WhoDoNotReadHoldNobodyUp) {
  const size_t before = ResidentBytes();
  std::vector<Descriptor> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(Greet());
    for (uint32_t sequence = 2; sequence < 500; ++sequence) {
      Put(clients.back(), FrameOf(gate::GetTokens{}, sequence));
    }
  }
  ExpectOthersToSign();
  ExpectMemoryBelow(before + 64 * kMebibyte);
}

TEST_F(HostileClients, WhoBeginOperationsAndNeverEndThemHoldNobodyUp) {
  const size_t before = ResidentBytes();
  std::vector<Descriptor> clients;
  const Bytes beginning = FrameOf(BeginOfSigning(), 2);
  for (int i = 0; i < 200; ++i) {
    clients.push_back(Greet());
    Put(clients.back(), beginning);
    Put(clients.back(), FrameOf(gate::Data{Bytes(4096, 'x')}, 3));
  }
  ExpectOthersToSign();
  ExpectMemoryBelow(before + 128 * kMebibyte);
}

TEST_F(HostileClients, AThousandIdleConnectionsLeaveRoomForOtherUsers) {
  if (!IsRoot()) GTEST_SKIP() << "needs root, to be several users";
  world_.ApplyRulesText("[[signer]]\nname = \"open\"\nusers = [\"" + PrincipalOf(kAliceUid) +
                        "\"]\nkey = \"pkcs11:token=prod;object=release-key\"\n");
  std::vector<Descriptor> clients;
  for (int i = 0; i < 1000; ++i) clients.push_back(Greet());
  const auto alice = world_.NewHost(kAliceUid);
  EXPECT_EQ(alice->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(alice->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
}

TEST_F(HostileClients, WithoutDescriptorsForNewClientsTheOldOnesAreServed) {
  const rlimit few{DescriptorCount() + 24, 4096};
  ASSERT_EQ(prlimit(world_.pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  {
    std::vector<Descriptor> clients;
    for (int i = 0; i < 200; ++i) clients.push_back(Connect());
    for (int i = 0; i < 10; ++i) {
      EXPECT_THAT(neighbour_->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
    }
  }
  // A worker that got no descriptor for a channel is started anew.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (world_.NewHost()->Do("find release-key") != "CKR_OK") {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << world_.Log();
  }
  ExpectOthersToSign();
}

}  // namespace
}  // namespace grant::test
