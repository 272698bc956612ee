// What needs no grant, through module, grantd and token, judged by OpenSSL and by the token's own
// tools.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/e2e/verify.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::StartsWith;

// No rules are in force: nobody may sign.
class PublicOperations : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new World({{KeyKind::kRsa2048, "rsa", "01", false, /*for_signing_only=*/false},
                        {KeyKind::kP256, "ec", "02"}});
    world_->Start();
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }
  void SetUp() override { host_ = world_->NewHost(); }

  // A signature by the token itself, past grantd; in hex.
  static std::string SignOnToken(const std::string& id, const std::string& mechanism,
                                 const std::string& data) {
    const std::string input = world_->directory().Write("data", data);
    const std::string output = world_->directory() / "signature";
    world_->softhsm().Tool("prod", World::kPin,
                           {"--sign", "--id", id, "--mechanism", mechanism, "--input-file", input,
                            "--output-file", output});
    return ToHex(test::Run({"cat", output}).output);
  }

  static World* world_;
  std::unique_ptr<Host> host_;
};

World* PublicOperations::world_ = nullptr;

TEST_F(PublicOperations, SignaturesOfTheTokenVerifyAndOthersDoNot) {
  struct Case {
    std::string label;
    std::string id;
    std::string mechanism;
    std::string data;
  };
  for (const Case& one :
       {Case{"rsa", "01", "SHA256-RSA-PKCS", "data"}, Case{"rsa", "01", "RSA-PKCS", "data"},
        Case{"ec", "02", "ECDSA", Sha256("data")}}) {
    const std::string signature = SignOnToken(one.id, one.mechanism, one.data);
    const std::string asked = "verify " + one.label + " " + one.mechanism + " ";
    EXPECT_EQ(host_->Do(asked + signature + " hex:" + ToHex(one.data)), "CKR_OK") << asked;
    EXPECT_EQ(host_->Do(asked + signature + " hex:" + ToHex(Sha256("other"))),
              "CKR_SIGNATURE_INVALID")
        << asked;
    EXPECT_EQ(host_->Do(asked + signature + "00 hex:" + ToHex(one.data)), "CKR_SIGNATURE_LEN_RANGE")
        << asked;
  }
  EXPECT_EQ(host_->Errors(), "") << "nothing was refused";
}

TEST_F(PublicOperations, LongDataVerifyInParts) {
  const std::string text(1'000'000, 'x');
  const std::string signature = SignOnToken("01", "SHA512-RSA-PKCS", text);
  const std::string asked = " rsa SHA512-RSA-PKCS " + signature + " " + text;
  EXPECT_EQ(host_->Do("verify" + asked), "CKR_OK");
  EXPECT_EQ(host_->Do("verify-parts" + asked + " 4096"), "CKR_OK");
  EXPECT_EQ(host_->Do("verify-parts" + asked + "y 300000"), "CKR_SIGNATURE_INVALID");
}

TEST_F(PublicOperations, DigestsAreRight) {
  EXPECT_EQ(host_->Do("digest SHA256 data"), "CKR_OK " + ToHex(Sha256("data")));
  const std::string text(1'000'000, 'x');
  EXPECT_EQ(host_->Do("digest SHA256 " + text), "CKR_OK " + ToHex(Sha256(text)));
  EXPECT_EQ(host_->Do("digest-parts SHA256 " + text + " 777"), "CKR_OK " + ToHex(Sha256(text)));
  // RFC 1321, A.5.
  EXPECT_EQ(host_->Do("digest MD5 abc"), "CKR_OK 900150983cd24fb0d6963f7d28e17f72");
}

TEST_F(PublicOperations, OnlyTheTokenReadsWhatWasEncrypted) {
  for (const std::string mechanism : {"RSA-PKCS", "RSA-PKCS-OAEP"}) {
    const std::string answer = host_->Do("encrypt rsa " + mechanism + " secret");
    ASSERT_THAT(answer, StartsWith("CKR_OK "));
    const std::string input = world_->directory().Write("encrypted", FromHex(answer.substr(7)));
    const std::string output = world_->directory() / "decrypted";
    std::vector<std::string> decrypt = {"--decrypt",   "--id",          "01",
                                        "--mechanism", mechanism,       "--input-file",
                                        input,         "--output-file", output};
    if (mechanism == "RSA-PKCS-OAEP") {
      decrypt.insert(decrypt.end(), {"--hash-algorithm", "SHA-1", "--mgf", "MGF1-SHA1"});
    }
    world_->softhsm().Tool("prod", World::kPin, decrypt);
    EXPECT_EQ(test::Run({"cat", output}).output, "secret") << mechanism;
  }
}

TEST_F(PublicOperations, RandomBytesAreNeverTheSame) {
  const std::string first = host_->Do("random 32");
  ASSERT_THAT(first, StartsWith("CKR_OK "));
  EXPECT_EQ(first.size(), 7U + 64U);
  EXPECT_NE(first, host_->Do("random 32"));
  EXPECT_EQ(host_->Do("random 200000").size(), 7U + 400'000U);
}

TEST_F(PublicOperations, LeaveNothingInTheAuditAndSignNothing) {
  const std::string signature = SignOnToken("01", "SHA256-RSA-PKCS", "data");
  EXPECT_EQ(host_->Do("verify rsa SHA256-RSA-PKCS " + signature + " data"), "CKR_OK");
  EXPECT_THAT(host_->Do("encrypt rsa RSA-PKCS x"), StartsWith("CKR_OK "));
  EXPECT_EQ(world_->Audited("signature.spent") + world_->Audited("signature.refused"), 0);
  ASSERT_EQ(host_->Do("find rsa"), "CKR_OK");
  EXPECT_EQ(host_->Do("sign SHA256-RSA-PKCS data"), "CKR_FUNCTION_REJECTED C_Sign");
}

// A leaf, an intermediate and a root, all in the rules.
TEST_F(PublicOperations, AChainOfCertificatesLeadsFromTheKeyToItsRoot) {
  const auto path = [](const std::string& name) { return world_->directory() / name; };
  const auto openssl = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const Outcome outcome = test::Run(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  };
  const std::string issuers[] = {"root", "middle", "leaf"};
  openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("root.key"), "-subj",
           "/CN=root", "-out", path("root.pem")});
  for (int i = 1; i < 3; ++i) {
    const std::string& name = issuers[i];
    openssl({"req", "-newkey", "rsa:2048", "-nodes", "-keyout", path(name + ".key"), "-subj",
             "/CN=" + name, "-out", path(name + ".csr")});
    openssl({"x509", "-req", "-in", path(name + ".csr"), "-CA", path(issuers[i - 1] + ".pem"),
             "-CAkey", path(issuers[i - 1] + ".key"), "-CAcreateserial", "-out",
             path(name + ".pem")});
  }
  const std::string chain =
      test::Run({"cat", path("leaf.pem"), path("middle.pem"), path("root.pem")}).output;
  world_->directory().Write("chain.pem", chain);
  world_->ApplyRulesText("[[signer]]\nname = \"rsa\"\nkey = \"pkcs11:token=prod;object=rsa\"\n" +
                         std::string("certificate = \"chain.pem\"\nusers = [\"") +
                         PrincipalOf(geteuid()) +
                         "\"]\nacknowledge = [\"decrypt\", \"unwrap\", \"sign-recover\"]\n");
  std::istringstream words(host_->Do("certificates"));
  std::string word;
  std::vector<std::string> answer;
  while (words >> word) answer.push_back(word);
  ASSERT_EQ(answer.size(), 1U + 3 * 5U);
  EXPECT_EQ(answer[1], ToHex("rsa"));
  EXPECT_EQ(answer[2], "01") << "the ID of the key";
  EXPECT_EQ(answer[4], answer[8]) << "the leaf's issuer is the intermediate's subject";
  EXPECT_EQ(answer[9], answer[13]) << "the intermediate's issuer is the root's subject";
  EXPECT_EQ(answer[13], answer[14]) << "the root is its own issuer";
  EXPECT_EQ(answer[11], ToHex("root"));
  world_->directory().Write("shown.der", FromHex(answer[5]));
  const Outcome verified = test::Run(
      {"openssl", "x509", "-inform", "DER", "-in", path("shown.der"), "-noout", "-subject"});
  EXPECT_THAT(verified.output, testing::HasSubstr("leaf"));
}

}  // namespace
}  // namespace grant::test
