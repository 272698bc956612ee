// Grant secrets as the PIN: containers and other users sign under exactly one grant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/e2e/process_memory.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kSign = "sign ECDSA hex:" + std::string(64, 'a');
constexpr const char* kRejected = "CKR_FUNCTION_REJECTED C_Sign";

// The process whose command line ends with this argument.
std::string PidOfCommand(const std::string& argument) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ostringstream command;
    command << std::ifstream(entry.path() / "cmdline").rdbuf();
    if (command.str().ends_with(std::string(1, '\0') + argument + '\0')) {
      return entry.path().filename();
    }
  }
  return "none";
}

class Secrets : public testing::Test {
 protected:
  struct Issued {
    std::string grant;
    std::string secret;
  };

  // grantd runs as a user of its own, alice asks, and bob is nothing to the rules.
  void SetUp() override {
    if (!IsRoot()) GTEST_SKIP() << "needs root, to act as several users";
    world_ = std::make_unique<World>(std::vector<KeyToMake>{{KeyKind::kP256, "release-key", "01"}},
                                     kDaemonUid);
  }

  void Start() {
    world_->Start();
    world_->ApplyRules({PrincipalOf(kAliceUid)});
  }

  nlohmann::json File(int signings, const std::string& window = "1h") {
    return world_->CtlJson(
        {"request", "create", "release", "--signings", std::to_string(signings), "--window", window,
         "--reason", "in a container", "--no-wait", "--secret"},
        kAliceUid);
  }

  Issued Issue(int signings, const std::string& window = "1h") {
    const nlohmann::json request = File(signings, window);
    return {world_->CtlJson({"request", "approve", request.at("id")}).at("grant_id"),
            request.at("secret")};
  }

  std::unique_ptr<Host> HostOf(uid_t uid) {
    auto host = world_->NewHost(uid);
    EXPECT_EQ(host->Do("find release-key"), "CKR_OK");
    return host;
  }

  std::unique_ptr<World> world_;
};

TEST_F(Secrets, LetAnotherUserSignUnderTheGrantAndNobodyWithoutThem) {
  Start();
  const Issued issued = Issue(2);
  const auto bob = HostOf(kBobUid);
  EXPECT_EQ(bob->Do(kSign), kRejected);
  EXPECT_EQ(bob->Do("login " + issued.secret), "CKR_OK");
  EXPECT_THAT(bob->Do(kSign), StartsWith("CKR_OK "));
  EXPECT_EQ(bob->Do("logout"), "CKR_OK");
  EXPECT_EQ(bob->Do(kSign), kRejected);

  const nlohmann::json use = world_->CtlJson({"grant", "show", issued.grant}).at("uses").back();
  EXPECT_EQ(use.at("caller"), PrincipalOf(kBobUid));
  const nlohmann::json spent =
      world_->CtlJson({"audit", "list", "--event", "signature.spent"}).at("items").at(0);
  EXPECT_EQ(spent.at("actor"), PrincipalOf(kBobUid));
  EXPECT_EQ(spent.at("detail").at("with_secret"), true);
  EXPECT_EQ(spent.at("detail").at("holder"), PrincipalOf(kAliceUid));
}

TEST_F(Secrets, HoldForLongDataToo) {
  world_ = std::make_unique<World>(std::vector<KeyToMake>{{KeyKind::kRsa2048, "release-key", "01"}},
                                   kDaemonUid);
  Start();
  const Issued issued = Issue(1);
  const auto bob = HostOf(kBobUid);
  const std::string parts = "parts SHA256-RSA-PKCS " + std::string(100'000, 'x') + " 4096";
  EXPECT_EQ(bob->Do(parts), "CKR_FUNCTION_REJECTED C_SignFinal");
  EXPECT_EQ(bob->Do("login " + issued.secret), "CKR_OK");
  EXPECT_THAT(bob->Do(parts), StartsWith("CKR_OK "));
  EXPECT_EQ(world_->Used(issued.grant), 1);
}

TEST_F(Secrets, PickTheirGrantAndNoOtherWhenItIsUsedUp) {
  Start();
  // Left to grantd, the one that ends first would be used.
  const std::string first = world_->Grant(5, {"--window", "30m"}, kAliceUid);
  const Issued issued = Issue(1, "2h");
  const auto alice = HostOf(kAliceUid);
  EXPECT_EQ(alice->Do("login " + issued.secret), "CKR_OK");
  EXPECT_THAT(alice->Do(kSign), StartsWith("CKR_OK "));
  EXPECT_EQ(world_->Used(issued.grant), 1);
  EXPECT_EQ(alice->Do(kSign), kRejected);
  EXPECT_THAT(alice->Errors(), HasSubstr("grant " + issued.grant + " is used up (1 of 1)"));
  EXPECT_EQ(world_->Used(first), 0);

  const auto bob = HostOf(kBobUid);
  EXPECT_EQ(bob->Do("login " + issued.secret), "CKR_OK") << "C_Sign is what explains";
  EXPECT_EQ(bob->Do(kSign), kRejected);
  EXPECT_THAT(bob->Errors(), HasSubstr("grant " + issued.grant + " is used up (1 of 1)"));
}

TEST_F(Secrets, EndWithTheRevocation) {
  Start();
  const Issued issued = Issue(5);
  const auto bob = HostOf(kBobUid);
  EXPECT_EQ(bob->Do("login " + issued.secret), "CKR_OK");
  EXPECT_EQ(world_->Ctl({"grant", "revoke", issued.grant, "--reason", "leaked"}).exit_code, 0);
  EXPECT_EQ(bob->Do(kSign), kRejected);
  EXPECT_THAT(bob->Errors(), HasSubstr("was revoked by " + PrincipalOf(0)));
}

TEST_F(Secrets, OfAnOpenRequestSayThatItIsNotApprovedYet) {
  Start();
  const nlohmann::json request = File(1);
  const auto bob = HostOf(kBobUid);
  EXPECT_EQ(bob->Do("login " + std::string(request.at("secret"))), "CKR_PIN_INCORRECT");
  EXPECT_THAT(bob->Errors(),
              HasSubstr("request " + std::string(request.at("id")) + " is not approved yet"));
  EXPECT_EQ(world_->Ctl({"request", "approve", request.at("id")}).exit_code, 0);
  EXPECT_EQ(bob->Do("login " + std::string(request.at("secret"))), "CKR_OK");
}

TEST_F(Secrets, WrongOnesLockTheUserAfterAWhile) {
  Start();
  const Issued issued = Issue(1);
  const auto bob = HostOf(kBobUid);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(bob->Do("login gsec_0000000000000000000000000" + std::to_string(i)),
              "CKR_PIN_INCORRECT");
  }
  EXPECT_EQ(bob->Do("login gsec_00000000000000000000000010"), "CKR_PIN_LOCKED");
  EXPECT_THAT(bob->Errors(), HasSubstr("too many wrong PINs"));
  EXPECT_EQ(bob->Do("login"), "CKR_OK") << "an empty PIN is none";
  EXPECT_EQ(HostOf(kBobUid)->Do("login " + issued.secret), "CKR_OK")
      << "who shares a user with somebody who guesses is not stopped";
  EXPECT_EQ(world_->Audited("login.refused"), 10);
  EXPECT_EQ(world_->Audited("login.locked"), 1);
}

TEST_F(Secrets, AreKnownWhereAnyPinPassesAndNothingElseIs) {
  world_->ConfigureToken("accept_any_pin = true\n");
  Start();
  const std::string first = world_->Grant(5, {"--window", "30m"}, kAliceUid);
  const Issued issued = Issue(1, "2h");
  const auto alice = HostOf(kAliceUid);
  EXPECT_EQ(alice->Do("login " + issued.secret), "CKR_OK");
  EXPECT_THAT(alice->Do(kSign), StartsWith("CKR_OK "));
  EXPECT_EQ(world_->Used(issued.grant), 1);
  EXPECT_EQ(alice->Do("logout"), "CKR_OK");
  for (const char* pin : {World::kPin, "gsec_00000000000000000000000000"}) {
    EXPECT_EQ(alice->Do(std::string("login ") + pin), "CKR_OK");
    EXPECT_THAT(alice->Do(kSign), StartsWith("CKR_OK "));
    EXPECT_EQ(alice->Do("logout"), "CKR_OK");
  }
  EXPECT_EQ(world_->Used(first), 2);
}

TEST_F(Secrets, AreNowhereButInTheAnswerToTheCreation) {
  Start();
  const Issued issued = Issue(2);
  const auto bob = HostOf(kBobUid);
  EXPECT_EQ(bob->Do("login " + issued.secret), "CKR_OK");
  EXPECT_THAT(bob->Do(kSign), StartsWith("CKR_OK "));
  EXPECT_THAT(bob->Do(kSign), StartsWith("CKR_OK "));
  EXPECT_EQ(bob->Do(kSign), kRejected);
  const std::string random_part = issued.secret.substr(5);
  const auto files_with = [this](const std::string& text) {
    return test::Run({"grep", "-rl", "--binary-files=text", "-F", text, world_->directory().path()})
        .output;
  };
  EXPECT_EQ(files_with(random_part), "");
  EXPECT_THAT(files_with(issued.grant), HasSubstr("/state/")) << "the search looks into the state";
  EXPECT_THAT(world_->Log(), Not(HasSubstr(random_part)));
  EXPECT_THAT(world_->Ctl({"audit", "list", "--all", "-o", "json"}).output,
              Not(HasSubstr(random_part)));
  EXPECT_THAT(world_->Ctl({"grant", "show", issued.grant, "-o", "json"}).output,
              Not(HasSubstr(random_part)));
}

TEST_F(Secrets, LeaveTheMemoryOfGrantdOnceTheyAreUsed) {
  if (!std::string(SANITIZED).empty()) GTEST_SKIP() << "the shadow memory is too much to read";
  Start();
  const Issued issued = Issue(1);
  const auto bob = HostOf(kBobUid);
  EXPECT_EQ(bob->Do("login " + issued.secret), "CKR_OK");
  EXPECT_THAT(bob->Do(kSign), StartsWith("CKR_OK "));
  const pid_t memory = std::stoi(PidOfCommand(world_->directory() / "grantd.toml"));
  ASSERT_TRUE(MemoryHolds(memory, "release-key")) << "the search finds what is there";
  // Answers are wiped after they were sent, so this may take a moment.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (MemoryHolds(memory, issued.secret.substr(5))) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "a copy stays";
  }
}

TEST_F(Secrets, ForPeopleItIsOneLineThatSaysWhatItIs) {
  Start();
  const Outcome created = world_->Ctl({"request", "create", "release", "--signings", "1",
                                       "--window", "1h", "--reason", "x", "--no-wait", "--secret"},
                                      kAliceUid);
  EXPECT_EQ(created.exit_code, 0);
  EXPECT_THAT(created.output, StartsWith("Secret  gsec_"));
  EXPECT_THAT(created.output, HasSubstr("shown only this once"));
}

// The other way to pick a grant.
TEST_F(Secrets, GrantdGrantPicksOneOfTwo) {
  Start();
  const std::string first = world_->Grant(5, {"--window", "30m"}, kAliceUid);
  const std::string second = world_->Grant(1, {"--window", "2h"}, kAliceUid);
  const Issued issued = Issue(1);
  Environment environment = world_->client_environment();
  environment["GRANTD_GRANT"] = second;
  Host alice(environment, kAliceUid, world_->directory() / "selected.stderr");
  ASSERT_EQ(alice.Do("find release-key"), "CKR_OK");
  EXPECT_THAT(alice.Do(kSign), StartsWith("CKR_OK "));
  EXPECT_EQ(alice.Do(kSign), kRejected) << "and no other when it is used up";
  EXPECT_EQ(world_->Used(first), 0);
  EXPECT_EQ(world_->Used(second), 1);

  EXPECT_EQ(alice.Do("login " + issued.secret), "CKR_OK");
  EXPECT_EQ(alice.Do(kSign), kRejected);
  EXPECT_THAT(alice.Errors(), HasSubstr("of grant " + issued.grant +
                                        ", but GRANTD_GRANT names "
                                        "grant " +
                                        second));
}

}  // namespace
}  // namespace grant::test
