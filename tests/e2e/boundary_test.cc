// What the enforcement rests on: the signing user can reach neither the token nor the PIN.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');

class Boundary : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsRoot()) GTEST_SKIP() << "needs root, to run grantd and the signer as users of their own";
    world_ = std::make_unique<World>(std::vector<KeyToMake>{{KeyKind::kP256, "release-key", "01"}},
                                     kDaemonUid);
    world_->Start();
    world_->ApplyRules({PrincipalOf(kAliceUid)});
  }

  // Runs a command as alice, with all that she may know about the token.
  Outcome AsAlice(std::vector<std::string> command) {
    const std::string number = std::to_string(kAliceUid);
    command.insert(command.begin(),
                   {"setpriv", "--reuid", number, "--regid", number, "--clear-groups"});
    Environment environment = world_->client_environment();
    environment.merge(world_->softhsm().environment());
    return test::Run(command, environment);
  }

  std::unique_ptr<World> world_;
};

TEST_F(Boundary, TheSignerSignsUnderAGrant) {
  const std::string id = world_->Grant(1, {"--window", "1h"}, kAliceUid);
  const auto host = world_->NewHost(kAliceUid);
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  const nlohmann::json uses = world_->CtlJson({"grant", "show", id}).at("uses");
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(uses[0].at("caller"), PrincipalOf(kAliceUid));
}

TEST_F(Boundary, TheSignerReadsNeitherTokenNorPinNorState) {
  for (const std::string& path :
       {world_->softhsm().directory().path(), world_->directory() / "pin",
        world_->directory() / "state", world_->directory() / "state/grantd.db"}) {
    const Outcome outcome = AsAlice({"cat", path});
    EXPECT_NE(outcome.exit_code, 0) << path;
    EXPECT_THAT(outcome.output, HasSubstr("Permission denied")) << path;
  }
}

TEST_F(Boundary, TheSignerGetsNowhereWithTheBackingModule) {
  const Outcome outcome = AsAlice({"pkcs11-tool", "--module", SoftHsm::Module(), "--token-label",
                                   "prod", "--login", "--pin", World::kPin, "--list-objects"});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, Not(HasSubstr("release-key")));
}

TEST_F(Boundary, TheSignerMayNeitherApproveNorApplyNorReadTheAudit) {
  const std::string request = world_
                                  ->CtlJson({"request", "create", "release", "--signings", "1",
                                             "--window", "1h", "--reason", "mine", "--no-wait"},
                                            kAliceUid)
                                  .at("id");
  EXPECT_EQ(world_->Ctl({"request", "approve", request}, kAliceUid).exit_code, 3);
  EXPECT_EQ(world_->Ctl({"audit", "list"}, kAliceUid).exit_code, 3);
  EXPECT_EQ(world_
                ->Ctl({"apply", "-f", world_->directory().Write("r.toml", "\n", 0644), "--yes"},
                      kAliceUid)
                .exit_code,
            3);
  EXPECT_EQ(world_->Ctl({"request", "show", request}, kBobUid).exit_code, 1)
      << "bob has no part in it";
}

TEST_F(Boundary, NobodyBecomesAnybodyByAHeader) {
  const Outcome outcome =
      AsAlice({"curl", "-s", "--unix-socket", world_->api_path(), "-H", "X-Remote-User: root", "-H",
               "Authorization: Basic cm9vdDo=", "http://grantd/v1/whoami"});
  EXPECT_THAT(outcome.output, HasSubstr("\"principal\":\"" + PrincipalOf(kAliceUid) + "\""));
}

TEST_F(Boundary, ThePinIsNowhereButInItsFile) {
  const auto host = world_->NewHost(kAliceUid);
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  host->Do("sign ECDSA " + kDigest);
  EXPECT_THAT(world_->Log(), Not(HasSubstr(World::kPin)));
  EXPECT_NE(test::Run({"grep", "-r", World::kPin, world_->directory() / "state"}).exit_code, 0);
}

}  // namespace
}  // namespace grant::test
