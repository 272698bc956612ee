// grantd as a service manager's: its sockets, its signs of life, its credentials.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "grantd/descriptor.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Listens as a service manager would, and becomes grantd.
constexpr const char* kActivator = R"(#!/usr/bin/python3
import os, socket, sys
sockets = []
for path in os.environ.pop("ACTIVATED").split(":"):
    if os.path.exists(path):
        os.unlink(path)
    made = socket.socket(socket.AF_UNIX, getattr(socket, os.environ.get("KIND", "SOCK_STREAM")))
    made.bind(path)
    if made.type == socket.SOCK_STREAM:
        made.listen()
    sockets.append(made)
for number, made in enumerate(sockets):
    os.dup2(made.fileno(), 20 + number)
for number in range(len(sockets)):
    os.dup2(20 + number, 3 + number)
    os.close(20 + number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)))
os.execv(os.environ.pop("GRANTD"), ["grantd"] + sys.argv[1:])
)";

class Service : public testing::Test {
 protected:
  // Has grantd's sockets made before it: first the gate's, then the API's.
  void Activate(const std::string& names) {
    const std::string program = world_.directory().Write("activator", kActivator, 0755);
    world_.UseDaemon(program);
    world_.ConfigureEnvironment("GRANTD", GRANTD_PROGRAM);
    world_.ConfigureEnvironment("ACTIVATED", world_.gate_path() + ":" + world_.api_path());
    world_.ConfigureEnvironment("LISTEN_FDNAMES", names);
  }

  World world_;
};

TEST_F(Service, ServesSocketsThatWereMadeBeforeItAndLeavesThemAlone) {
  Activate("gate:api");
  world_.Start();
  world_.ApplyRules({PrincipalOf(geteuid())});
  world_.Grant(1);
  const auto host = world_.NewHost();
  EXPECT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(host->Do("sign ECDSA hex:" + std::string(64, 'a')), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Stop(), 0);
  EXPECT_TRUE(std::filesystem::exists(world_.gate_path()));
  EXPECT_TRUE(std::filesystem::exists(world_.api_path()));
}

TEST_F(Service, RefusesSocketsThatAreNotWhatTheyAreCalled) {
  world_.Start();
  EXPECT_EQ(world_.Stop(), 0);
  const std::string program = world_.directory().Write("activator", kActivator, 0755);
  Environment environment = world_.softhsm().environment();
  environment["GRANTD"] = GRANTD_PROGRAM;
  environment["ACTIVATED"] = world_.gate_path() + ":" + world_.api_path();
  const auto start = [&](const std::string& names, const std::string& kind) {
    environment["LISTEN_FDNAMES"] = names;
    environment["KIND"] = kind;
    const Outcome ended = test::Run(
        {"timeout", "60", program, "--config", world_.directory() / "grantd.toml"}, environment);
    EXPECT_EQ(ended.exit_code, 1) << names;
    return ended.output;
  };
  for (const char* names : {"api:gate", "gate:gate", "gate", "gate:other", "gate:api:api"}) {
    EXPECT_THAT(start(names, "SOCK_STREAM"), HasSubstr("the service manager's socket")) << names;
  }
  EXPECT_THAT(start("gate:api", "SOCK_DGRAM"), HasSubstr("is no listening Unix stream socket"));
}

TEST_F(Service, SaysWhenItServesThatItLivesAndThatItStops) {
  const std::string path = world_.directory() / "notify";
  const Descriptor manager(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto next = [&manager]() -> std::string {
    pollfd wait{manager.get(), POLLIN, 0};
    if (poll(&wait, 1, 60'000) != 1) return "nothing";
    std::array<char, 1024> message{};
    const ssize_t got = recv(manager.get(), message.data(), message.size(), 0);
    return {message.data(), static_cast<size_t>(got)};
  };
  world_.Start({{"NOTIFY_SOCKET", path}, {"WATCHDOG_USEC", "300000"}});
  EXPECT_THAT(next(), StartsWith("READY=1\nSTATUS=serving unix:"));
  EXPECT_EQ(next(), "WATCHDOG=1");
  EXPECT_EQ(next(), "WATCHDOG=1");
  EXPECT_EQ(world_.Stop(), 0);
  std::string last = next();
  while (last == "WATCHDOG=1") last = next();
  EXPECT_THAT(last, StartsWith("STOPPING=1\n"));
}

TEST_F(Service, HasAPinFromACredential) {
  const std::string directory = world_.directory() / "credentials";
  mkdir(directory.c_str(), 0700);
  world_.directory().Write("credentials/pin_prod", World::kPin, 0440);
  world_.ConfigurePin("pin_credential = \"pin_prod\"");
  if (!IsRoot()) GTEST_SKIP() << "credentials belong to root";
  world_.Start({{"CREDENTIALS_DIRECTORY", directory}});
  EXPECT_EQ(world_.CtlJson({"seal", "--show"}).at("tokens").at(0).at("pin_source"), "credential");
  const Outcome doctor = world_.Ctl({"doctor"});
  EXPECT_THAT(doctor.output, HasSubstr("pin_prod is for grantd's eyes alone"));
  EXPECT_THAT(doctor.output, HasSubstr("grantd is not sealed"));
  EXPECT_EQ(world_.Stop(), 0);
  EXPECT_ANY_THROW(world_.Start());
  EXPECT_THAT(world_.Log(), HasSubstr("LoadCredential=pin_prod"));
}

}  // namespace
}  // namespace grant::test
