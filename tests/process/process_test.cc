// What becomes of a host's forks, threads and exits, in both placements.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::ElementsAre;

enum class Placement { kBroker, kWrap };

class Processes : public testing::TestWithParam<Placement> {
 protected:
  Processes() {
    world_.Start();
    world_.ApplyRules({PrincipalOf(geteuid())});
    grant_ = world_.Grant(1000);
  }

  // The lines that a process_host prints after the first, which says that it initialised.
  std::vector<std::string> Play(const std::string& scenario) {
    Environment environment = world_.client_environment();
    environment["GRANTD_PID"] = std::to_string(world_.pid());
    if (GetParam() == Placement::kWrap) {
      for (const auto& variable : world_.softhsm().environment()) environment.insert(variable);
      environment["GRANT_PKCS11_CONFIG"] = world_.directory().Write(
          "wrap.conf", "mode = \"wrap\"\nmodule = \"" + SoftHsm::Module() + "\"\n");
    }
    const Outcome outcome = test::Run({PROCESS_HOST_PROGRAM, GRANT_PKCS11_MODULE, "release-key",
                                       GetParam() == Placement::kWrap ? World::kPin : "", scenario},
                                      environment);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    std::istringstream text(outcome.output);
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    EXPECT_FALSE(lines.empty());
    if (lines.empty()) return lines;
    EXPECT_EQ(lines.front(), "initialize: CKR_OK");
    lines.erase(lines.begin());
    return lines;
  }

  // What the backing module answers to a child that was forked after its parent initialised it.
  bool wrap() const { return GetParam() == Placement::kWrap; }

  World world_;
  std::string grant_;
};

INSTANTIATE_TEST_SUITE_P(Placements, Processes,
                         testing::Values(Placement::kBroker, Placement::kWrap),
                         [](const auto& placement) {
                           return placement.param == Placement::kBroker ? "Broker" : "Wrap";
                         });

TEST_P(Processes, AChildThatDoesNotInitialiseIsTurnedAway) {
  EXPECT_THAT(Play("idle-fork"),
              ElementsAre("open: CKR_OK", "child info: CKR_CRYPTOKI_NOT_INITIALIZED",
                          "child sign-init: CKR_CRYPTOKI_NOT_INITIALIZED", "sign: CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 1);
}

TEST_P(Processes, AnOperationDoesNotGoOnInTheChild) {
  EXPECT_THAT(
      Play("fork-in-operation"),
      ElementsAre("open: CKR_OK", "sign-init: CKR_OK", "child end: CKR_CRYPTOKI_NOT_INITIALIZED",
                  wrap() ? "child initialize: CKR_CRYPTOKI_ALREADY_INITIALIZED"
                         : "child initialize: CKR_OK",
                  wrap() ? "child end-again: CKR_OPERATION_NOT_INITIALIZED"
                         : "child end-again: CKR_SESSION_HANDLE_INVALID",
                  "child open: CKR_OK", "child sign: CKR_OK", "end: CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 2) << "one by the parent, one by the child's own operation";
}

TEST_P(Processes, AChildMayFinaliseBeforeItInitialises) {
  EXPECT_THAT(Play("child-finalizes-first"),
              ElementsAre("open: CKR_OK",
                          wrap() ? "child finalize: CKR_OK"
                                 : "child finalize: CKR_CRYPTOKI_NOT_INITIALIZED",
                          "child initialize: CKR_OK", "child open: CKR_OK", "child sign: CKR_OK",
                          "child finalize: CKR_OK", "sign: CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 2);
}

TEST_P(Processes, WorkersThatInitialiseAgainSign) {
  EXPECT_THAT(
      Play("workers"),
      ElementsAre("open: CKR_OK", "child open: CKR_OK", "child sign: CKR_OK", "child open: CKR_OK",
                  "child sign: CKR_OK", "child open: CKR_OK", "child sign: CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 3);
}

TEST_P(Processes, ADaemonSigns) {
  EXPECT_THAT(Play("daemonise"),
              ElementsAre("open: CKR_OK", "child open: CKR_OK", "child sign: CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 1);
}

TEST_P(Processes, AForkWhileOtherThreadsAreInsideHarmsNobody) {
  EXPECT_THAT(Play("fork-in-calls"),
              ElementsAre("open: CKR_OK", "open: CKR_OK", "open: CKR_OK", "open: CKR_OK",
                          "child sign-init: CKR_CRYPTOKI_NOT_INITIALIZED", "child open: CKR_OK",
                          "child sign: CKR_OK", "sign: CKR_OK", "sign: CKR_OK", "sign: CKR_OK",
                          "sign: CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 5);
}

TEST_P(Processes, ManyThreadsShareAPoolOfSessions) {
  EXPECT_THAT(Play("threads"), ElementsAre("signed: 128 CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 128);
}

TEST_P(Processes, AHostMayCallInWhileItExits) {
  EXPECT_THAT(Play("at-exit"), ElementsAre("open: CKR_OK", "sign: CKR_OK", "finalize: CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 1);
}

TEST_P(Processes, AHostMayCallInAfterItClosedTheLibrary) {
  EXPECT_THAT(Play("after-dlclose"),
              ElementsAre("open: CKR_OK", "sign: CKR_OK", "finalize: CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 1);
}

TEST_P(Processes, FinalisingEndsSessionsAndTheirOperations) {
  EXPECT_THAT(Play("finalize-with-open-sessions"),
              ElementsAre("open: CKR_OK", "sign-init: CKR_OK", "finalize: CKR_OK",
                          "end: CKR_CRYPTOKI_NOT_INITIALIZED", "initialize: CKR_OK",
                          testing::AnyOf("end: CKR_SESSION_HANDLE_INVALID",
                                         "end: CKR_OPERATION_NOT_INITIALIZED"),
                          "open: CKR_OK", "sign: CKR_OK"));
  EXPECT_EQ(world_.Used(grant_), 1);
}

TEST_P(Processes, InitialisesForEveryHost) {
  EXPECT_THAT(Play("initialize-arguments"),
              ElementsAre("twice: CKR_CRYPTOKI_ALREADY_INITIALIZED",
                          "finalize-twice: CKR_CRYPTOKI_NOT_INITIALIZED", "no-locking: CKR_OK",
                          "os-locking: CKR_OK", "no-threads: CKR_OK", "callbacks: CKR_OK",
                          "some-callbacks: CKR_ARGUMENTS_BAD", "reserved: CKR_ARGUMENTS_BAD"));
}

}  // namespace
}  // namespace grant::test
