// The seal, and PINs that are typed in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <string_view>
#include <thread>

#include "tests/e2e/process_memory.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr int kRefused = 3;
const std::string kSign = "sign ECDSA hex:" + std::string(64, 'a');

class SealTest : public testing::Test {
 protected:
  void Start() {
    world_.Start();
    world_.ApplyRules({PrincipalOf(geteuid())});
  }

  void TypePins() { world_.ConfigurePin("pin_source = \"unseal\""); }

  // Both workers of each opening; SoftHSM rewrites the token at a login, and may hide it meanwhile.
  void AwaitLogins() {
    static constexpr std::string_view kLoggedIn = "is logged in";
    for (size_t logins = 0; logins == 0 || logins % 2 != 0; std::this_thread::yield()) {
      const std::string log = world_.Log();
      logins = 0;
      for (size_t at = log.find(kLoggedIn); at != std::string::npos;
           at = log.find(kLoggedIn, at + 1)) {
        ++logins;
      }
    }
  }

  std::unique_ptr<Host> Signer() {
    AwaitLogins();
    auto host = world_.NewHost();
    EXPECT_EQ(host->Do("find release-key"), "CKR_OK") << world_.Log();
    return host;
  }

  Outcome Seal() { return world_.Ctl({"seal", "--reason", "the build machine is compromised"}); }

  Outcome Unseal(const std::string& pin, const std::string& options = "") {
    const std::string input = world_.directory().Write("typed", pin + "\n");
    return test::Run(
        {"sh", "-c", std::string(GRANTCTL_PROGRAM) + " unseal " + options + " < " + input},
        world_.client_environment());
  }

  World world_;
};

TEST_F(SealTest, StopsAllSigningAndOutlivesGrantd) {
  Start();
  const std::string grant = world_.Grant(5);
  auto host = Signer();
  EXPECT_THAT(host->Do(kSign), StartsWith("CKR_OK "));
  ASSERT_EQ(ChildrenOf(world_.pid()).size(), 2U) << "two workers";
  const Outcome sealed = Seal();
  EXPECT_EQ(sealed.exit_code, 0) << sealed.output;
  EXPECT_THAT(ChildrenOf(world_.pid()), IsEmpty());
  EXPECT_THAT(host->Do(kSign), HasSubstr("CKR_FUNCTION_REJECTED"));
  EXPECT_THAT(host->Errors(), HasSubstr("the build machine is compromised"));
  EXPECT_THAT(host->Errors(), HasSubstr("grantctl unseal"));
  EXPECT_EQ(world_.Used(grant), 1);
  EXPECT_EQ(Seal().exit_code, kRefused) << "it is sealed already";

  EXPECT_EQ(world_.Stop(), 0);
  world_.Start();
  EXPECT_TRUE(world_.CtlJson({"seal", "--show"}).at("sealed"));
  EXPECT_THAT(ChildrenOf(world_.pid()), IsEmpty());
  EXPECT_THAT(host->Do(kSign), Not(StartsWith("CKR_OK")));

  const Outcome unsealed = world_.Ctl({"unseal"});
  EXPECT_EQ(unsealed.exit_code, 0) << unsealed.output;
  host = Signer();
  EXPECT_THAT(host->Do(kSign), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Audited("grantd.sealed"), 1);
  EXPECT_EQ(world_.Audited("grantd.unsealed"), 1);
  EXPECT_EQ(world_.Ctl({"unseal"}).exit_code, kRefused) << "there is nothing to lift";
}

TEST_F(SealTest, NothingIsDeliveredOnceItIsAcknowledged) {
  Start();
  world_.Grant(1000);
  std::atomic<bool> acknowledged = false;
  std::atomic<int> late = 0;
  std::atomic<int> delivered = 0;
  std::vector<std::thread> signers;
  for (int i = 0; i < 3; ++i) {
    signers.emplace_back([&, host = std::shared_ptr<Host>(Signer())] {
      for (bool asked_late = false; !asked_late;) {
        asked_late = acknowledged;
        const bool signature = host->Do(kSign).starts_with("CKR_OK ");
        if (signature) ++delivered;
        if (signature && asked_late) ++late;
      }
    });
  }
  while (delivered < 10) std::this_thread::yield();
  EXPECT_EQ(Seal().exit_code, 0);
  acknowledged = true;
  for (std::thread& signer : signers) signer.join();
  EXPECT_EQ(late, 0);
  EXPECT_TRUE(world_.CtlJson({"audit", "verify"}).at("intact"));
}

TEST_F(SealTest, RightsCanBeTakenAwayButNotGivenWhileTheTokenIsClosed) {
  Start();
  const std::string self = PrincipalOf(geteuid());
  world_.ApplyRules({self, "unix:nobody"});
  ASSERT_EQ(Seal().exit_code, 0);
  EXPECT_EQ(world_.Stop(), 0);
  world_.Start();
  const auto rules = world_.CtlJson({"rules", "show"}).at("version");
  EXPECT_NO_THROW(world_.ApplyRules({self}));
  EXPECT_GT(world_.CtlJson({"rules", "show"}).at("version"), rules);
  EXPECT_ANY_THROW(world_.ApplyRules({self, "unix:nobody"})) << "its key cannot be looked at";
  EXPECT_EQ(world_.Ctl({"unseal"}).exit_code, 0);
  EXPECT_NO_THROW(world_.ApplyRules({self, "unix:nobody"}));
}

TEST_F(SealTest, IsForAdministratorsAlone) {
  if (!IsRoot()) GTEST_SKIP() << "needs root, to be several users";
  Start();
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"seal", "--reason", "x"}, {"seal", "--show"}, {"unseal"}}) {
    EXPECT_EQ(world_.Ctl(command, kAliceUid).exit_code, kRefused) << command[0];
  }
  EXPECT_FALSE(world_.CtlJson({"seal", "--show"}).at("sealed"));
  EXPECT_EQ(world_.Audited("grantd.sealed"), 0);
}

TEST_F(SealTest, APinIsTypedInAfterEachStartAndForgottenBySealing) {
  TypePins();
  world_.Start();
  EXPECT_THAT(ChildrenOf(world_.pid()), IsEmpty()) << "no worker without a PIN";
  EXPECT_THAT(world_.Ctl({"seal", "--show"}).output, HasSubstr("grantctl unseal --token prod"));
  const Outcome unsealed = Unseal(World::kPin);
  ASSERT_EQ(unsealed.exit_code, 0) << unsealed.output;
  world_.ApplyRules({PrincipalOf(geteuid())});
  world_.Grant(5);
  EXPECT_THAT(Signer()->Do(kSign), StartsWith("CKR_OK "));
  EXPECT_EQ(Unseal(World::kPin, "--token prod").exit_code, kRefused) << "it has one";

  EXPECT_EQ(Seal().exit_code, 0);
  EXPECT_EQ(Unseal("").exit_code, 2) << "it is asked for anew";
  EXPECT_EQ(Unseal(World::kPin).exit_code, 0);
  EXPECT_THAT(Signer()->Do(kSign), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Audited("token.unsealed"), 2);
}

TEST_F(SealTest, AWrongPinIsNotFollowedByAnotherWithoutAWordAndAWait) {
  TypePins();
  world_.Start();
  const Outcome wrong = Unseal("00000000");
  EXPECT_EQ(wrong.exit_code, 1) << wrong.output;
  EXPECT_THAT(wrong.output, HasSubstr("CKR_PIN_INCORRECT"));
  const Outcome again = Unseal(World::kPin, "--token prod");
  EXPECT_EQ(again.exit_code, kRefused);
  EXPECT_THAT(again.output, HasSubstr("--after-wrong-pin"));
  const Outcome at_once = Unseal(World::kPin, "--token prod --after-wrong-pin");
  EXPECT_EQ(at_once.exit_code, kRefused);
  EXPECT_THAT(at_once.output, HasSubstr("has to wait"));
  EXPECT_EQ(world_.Audited("token.pin-refused"), 1);
  EXPECT_THAT(world_.Log(), Not(HasSubstr(World::kPin)));
}

}  // namespace
}  // namespace grant::test
