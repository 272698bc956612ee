#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');
constexpr const char* kRejected = "CKR_FUNCTION_REJECTED C_Sign";

std::string SecondsFromNow(int seconds) {
  const std::time_t time =
      std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

class Refusals : public testing::Test {
 protected:
  void Start() {
    world_.Start();
    world_.ApplyRules({PrincipalOf(geteuid())});
    host_ = world_.NewHost();
    ASSERT_EQ(host_->Do("find release-key"), "CKR_OK");
  }

  void ExpectRefused(const std::string& says) {
    const int before = world_.Audited("signature.refused");
    EXPECT_EQ(host_->Do("sign ECDSA " + kDigest), kRejected);
    EXPECT_THAT(host_->Errors(), HasSubstr("grant-pkcs11: refused: "));
    EXPECT_THAT(host_->Errors(), HasSubstr(says));
    EXPECT_THAT(host_->Errors(), HasSubstr(". hint: "));
    EXPECT_EQ(world_.Audited("signature.refused"), before + 1);
  }

  World world_;
  std::unique_ptr<Host> host_;
};

TEST_F(Refusals, WithoutAGrant) {
  Start();
  ExpectRefused("holds no grant for signer release");
}

TEST_F(Refusals, BeforeTheWindow) {
  Start();
  const std::string id =
      world_.Grant(1, {"--from", SecondsFromNow(3600), "--until", SecondsFromNow(7200)});
  ExpectRefused("grant " + id + " is valid from ");
  EXPECT_EQ(world_.CtlJson({"grant", "show", id}).at("status"), "pending");
}

TEST_F(Refusals, AfterTheWindow) {
  Start();
  const std::string id = world_.Grant(1000, {"--window", "2s"});
  ASSERT_THAT(host_->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  while (world_.CtlJson({"grant", "show", id}).at("status") == "active") {
  }
  ExpectRefused("grant " + id + " ended at ");
  EXPECT_EQ(world_.CtlJson({"grant", "show", id}).at("status"), "expired");
}

TEST_F(Refusals, AfterTheRevocation) {
  Start();
  const std::string id = world_.Grant(5);
  ASSERT_THAT(host_->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Ctl({"grant", "revoke", id, "--reason", "wrong build"}).exit_code, 0);
  ExpectRefused("was revoked by " + PrincipalOf(geteuid()));
  EXPECT_EQ(world_.Used(id), 1);
}

TEST_F(Refusals, OfContentThatTheGrantDoesNotName) {
  Start();
  const std::string id =
      world_.Grant(1, {"--window", "1h", "--digest", "sha256:" + std::string(64, 'b')});
  ExpectRefused("does not cover this content");
  EXPECT_EQ(world_.Used(id), 0);
  EXPECT_THAT(host_->Do("sign ECDSA hex:" + std::string(64, 'b')), StartsWith("CKR_OK "));
}

TEST_F(Refusals, OfSomebodyElsesGrant) {
  if (!IsRoot()) GTEST_SKIP() << "needs root, to act as two users";
  world_.Start();
  world_.ApplyRules({PrincipalOf(kAliceUid), PrincipalOf(kBobUid)});
  const std::string id = world_.Grant(1, {"--window", "1h"}, kBobUid);
  host_ = world_.NewHost(kAliceUid);
  ASSERT_EQ(host_->Do("find release-key"), "CKR_OK");
  ExpectRefused("grant " + id + " for signer release belongs to " + PrincipalOf(kBobUid));
  EXPECT_EQ(world_.Used(id), 0);
}

TEST_F(Refusals, OfWhoIsNotAUserOfTheSigner) {
  if (!IsRoot()) GTEST_SKIP() << "needs root, to act as two users";
  Start();
  host_ = world_.NewHost(kBobUid);
  ASSERT_EQ(host_->Do("find release-key"), "CKR_OK");
  ExpectRefused(PrincipalOf(kBobUid) + " is not a user of signer release");
}

TEST_F(Refusals, OfAKeyThatNoSignerNames) {
  world_.softhsm().GenerateKey("prod", World::kPin, {KeyKind::kP256, "stray", "77"});
  Start();
  ASSERT_EQ(host_->Do("find stray"), "CKR_OK");
  ExpectRefused("no signer names the key 'stray'");
}

TEST_F(Refusals, OfAMechanismThatTheSignerDoesNotAllow) {
  world_.softhsm().GenerateKey("prod", World::kPin, {KeyKind::kRsa2048, "rsa", "78"});
  Start();
  world_.ApplyRulesText(
      "[[signer]]\nname = \"rsa\"\nkey = \"pkcs11:token=prod;object=rsa\"\nusers = [\"" +
      PrincipalOf(geteuid()) + "\"]\nmechanisms = [\"SHA256-RSA-PKCS\"]\n");
  ASSERT_EQ(host_->Do("find rsa"), "CKR_OK");
  EXPECT_EQ(host_->Do("sign RSA-PKCS data"), "CKR_MECHANISM_INVALID C_SignInit");
  EXPECT_THAT(host_->Do("sign SHA256-RSA-PKCS data"), StartsWith("CKR_OK "));
}

TEST_F(Refusals, OfAPinThatIsNoSecret) {
  Start();
  EXPECT_EQ(host_->Do("login"), "CKR_OK");
  EXPECT_EQ(host_->Do("login"), "CKR_USER_ALREADY_LOGGED_IN");
  EXPECT_EQ(host_->Do("logout"), "CKR_OK");
  EXPECT_EQ(host_->Do(std::string("login ") + World::kPin), "CKR_PIN_INCORRECT");
  EXPECT_THAT(host_->Errors(), HasSubstr("accept_any_pin"));
}

TEST_F(Refusals, OfAPinGiveWayWhereTheTokenAcceptsAny) {
  world_.ConfigureToken("accept_any_pin = true\n");
  Start();
  EXPECT_EQ(host_->Do("login whatever"), "CKR_OK");
  world_.Grant(1);
  EXPECT_THAT(host_->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
}

TEST_F(Refusals, OfASignerThatWasTakenFromTheRules) {
  Start();
  const std::string id = world_.Grant(5);
  ASSERT_THAT(host_->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(
      world_.Ctl({"apply", "-f", world_.directory().Write("none.toml", "\n"), "--yes"}).exit_code,
      3)
      << "a signer with a live grant stays";
  EXPECT_EQ(world_.Ctl({"grant", "revoke", id, "--reason", "no longer"}).exit_code, 0);
  world_.ApplyRulesText("\n");
  ExpectRefused("no signer names the key 'release-key'");
}

}  // namespace
}  // namespace grant::test
