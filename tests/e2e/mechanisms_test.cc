#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/verify.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::StartsWith;

constexpr const char* kSha256Info = "3031300d060960864801650304020105000420";

// One world for all mechanisms: three keys, one signer without policy for each.
class Mechanisms : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new World({{KeyKind::kRsa2048, "rsa", "01"},
                        {KeyKind::kP256, "ec", "02"},
                        {KeyKind::kEd25519, "ed", "03"}});
    world_->Start();
    std::string rules;
    for (const char* name : {"rsa", "ec", "ed"}) {
      rules += std::string("[[signer]]\nname = \"") + name +
               "\"\nkey = \"pkcs11:token=prod;object=" + name + "\"\nusers = [\"" +
               PrincipalOf(geteuid()) + "\"]\n";
    }
    world_->ApplyRulesText(rules);
  }

  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  void SetUp() override { host_ = world_->NewHost(); }

  // Signs with the key of this label, and lets OpenSSL judge.
  void ExpectSigns(const std::string& label, const std::string& mechanism, const std::string& data,
                   const std::string& command = "sign", const std::string& more = "") {
    const std::string numbers = host_->Do("public " + label);
    ASSERT_EQ(host_->Do("find " + label), "CKR_OK");
    const std::string answer = host_->Do(command + " " + mechanism + " hex:" + ToHex(data) + more);
    ASSERT_THAT(answer, StartsWith("CKR_OK ")) << mechanism;
    EXPECT_TRUE(Verifies(numbers, mechanism, data, answer.substr(7))) << mechanism;
    EXPECT_FALSE(Verifies(numbers, mechanism, Sha256("data") + Sha256("other"), answer.substr(7)));
  }

  static World* world_;
  std::unique_ptr<Host> host_;
};

World* Mechanisms::world_ = nullptr;

TEST_F(Mechanisms, OfRsaSign) {
  ExpectSigns("rsa", "RSA-PKCS", FromHex(kSha256Info) + Sha256("data"));
  ExpectSigns("rsa", "RSA-PKCS-PSS", Sha256("data"));
  for (const char* hash : {"SHA224", "SHA256", "SHA384", "SHA512"}) {
    ExpectSigns("rsa", std::string(hash) + "-RSA-PKCS", "data");
    ExpectSigns("rsa", std::string(hash) + "-RSA-PKCS-PSS", "data");
  }
}

TEST_F(Mechanisms, OfEllipticCurvesSign) {
  ExpectSigns("ec", "ECDSA", Sha256("data"));
  ExpectSigns("ed", "EDDSA", "data");
}

TEST_F(Mechanisms, SignInParts) {
  const std::string text(10'000, 'x');
  ExpectSigns("rsa", "SHA256-RSA-PKCS", text, "parts", " 4096");
  ExpectSigns("rsa", "SHA512-RSA-PKCS-PSS", text, "parts", " 1");
}

TEST_F(Mechanisms, SignLongDataThatIsStreamed) {
  const std::string text(3'000'000, 'x');
  ExpectSigns("rsa", "SHA256-RSA-PKCS", text);
  ExpectSigns("rsa", "SHA384-RSA-PKCS", text, "parts", " 100000");
}

TEST_F(Mechanisms, TellTheSizeForFree) {
  for (const auto& [label, mechanism, size] : {std::tuple{"rsa", "RSA-PKCS", "256"},
                                               {"rsa", "SHA256-RSA-PKCS-PSS", "256"},
                                               {"ec", "ECDSA", "64"},
                                               {"ed", "EDDSA", "64"}}) {
    ASSERT_EQ(host_->Do(std::string("find ") + label), "CKR_OK");
    EXPECT_EQ(host_->Do(std::string("sizes ") + mechanism + " 3"),
              std::string("CKR_BUFFER_TOO_SMALL ") + size);
  }
}

TEST_F(Mechanisms, AreRefusedAtSignInitWhereTheyDoNotFit) {
  ASSERT_EQ(host_->Do("find ec"), "CKR_OK");
  EXPECT_EQ(host_->Do("begin RSA-PKCS"), "CKR_KEY_TYPE_INCONSISTENT");
  EXPECT_EQ(host_->Do("begin ECDSA-SHA256"), "CKR_MECHANISM_INVALID")
      << "the token has no such mechanism";
}

TEST_F(Mechanisms, GiveBackTheUseThatTheTokenRefused) {
  world_->ApplyRulesText(
      "[[policy]]\nname = \"p\"\nmax_window = \"1h\"\nmax_signings = 10\n[[policy.step]]\n"
      "name = \"s\"\napprovers = "
      "[\"" +
      PrincipalOf(geteuid()) +
      "\"]\n[[signer]]\nname = \"rsa\"\nkey = "
      "\"pkcs11:token=prod;object=rsa\"\npolicy = \"p\"\nusers = [\"" +
      PrincipalOf(geteuid()) + "\"]\n");
  const std::string id = world_->Grant(1, {"--window", "10m"}, 0, "rsa");
  ASSERT_EQ(host_->Do("find rsa"), "CKR_OK");
  // 300 bytes do not fit a 2048-bit modulus: only the token can know.
  const std::string answer = host_->Do("sign RSA-PKCS " + std::string(300, 'x'));
  EXPECT_THAT(answer, testing::HasSubstr("C_Sign"));
  EXPECT_EQ(world_->Used(id), 0);
  EXPECT_THAT(host_->Do("sign SHA256-RSA-PKCS data"), StartsWith("CKR_OK "));
  EXPECT_EQ(world_->Used(id), 1);
}

}  // namespace
}  // namespace grant::test
