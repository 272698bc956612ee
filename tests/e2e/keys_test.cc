// Keys from their making to their certificate, and the audit that stops those that do more than
// sign.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/e2e/verify.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int kRefusedExit = 3;
const std::string kInput = "hex:" + std::string(64, 'a');

std::string SignerOf(const std::string& name, const std::string& label,
                     const std::string& more = "") {
  return "[[signer]]\nname = \"" + name + "\"\nkey = \"pkcs11:token=prod;object=" + label +
         "\"\nusers = [\"" + PrincipalOf(geteuid()) + "\"]\n" + more;
}

Outcome Apply(World& world, const std::string& rules) {
  return world.Ctl({"apply", "-f", world.directory().Write("rules.toml", rules), "--yes"});
}

// The names of the findings, as "critical decrypt".
std::vector<std::string> Findings(const nlohmann::json& report) {
  std::vector<std::string> names;
  for (const auto& finding : report.at("findings")) {
    names.push_back(finding.at("severity").get<std::string>() + " " +
                    finding.at("name").get<std::string>());
  }
  return names;
}

TEST(KeyAudit, AKeyThatDecryptsIsNotEnabledUntilThatIsAcknowledged) {
  World world({{KeyKind::kRsa2048, "release-key", "01", false, /*for_signing_only=*/false}});
  world.Start();
  const Outcome refused = Apply(world, SignerOf("release", "release-key"));
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.output,
              AllOf(HasSubstr("signer 'release' cannot be enabled"),
                    HasSubstr("decrypt: the key may decrypt (CKA_DECRYPT)"), HasSubstr("unwrap: "),
                    HasSubstr("sign-recover: "), HasSubstr("grantctl key generate --token prod"),
                    HasSubstr(R"(acknowledge = ["decrypt", "unwrap", "sign-recover"])")));
  const Outcome misspelt =
      Apply(world, SignerOf("release", "release-key", "acknowledge = [\"decript\"]\n"));
  EXPECT_THAT(misspelt.output, HasSubstr("did you mean 'decrypt'?"));
  EXPECT_NE(
      Apply(world, SignerOf("release", "release-key", "acknowledge = [\"decrypt\"]\n")).exit_code,
      0);

  const Outcome applied =
      Apply(world, SignerOf("release", "release-key",
                            "acknowledge = [\"decrypt\", \"unwrap\", \"sign-recover\"]\n"));
  EXPECT_EQ(applied.exit_code, 0) << applied.output;
  const auto report = world.CtlJson({"signer", "check", "release"});
  EXPECT_EQ(report.at("enabled"), true);
  EXPECT_THAT(Findings(report),
              testing::IsSupersetOf({"critical decrypt", "critical unwrap", "warning modifiable"}));
  const auto host = world.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(host->Do("sign RSA-PKCS " + kInput), StartsWith("CKR_OK "));
}

// Lets everybody read the token's files, or nobody but their owner.
void OpenTokens(World& world, bool open) {
  const std::string root = world.softhsm().directory().path();
  chmod(root.c_str(), open ? 0755 : 0700);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const mode_t mode = entry.is_directory() ? 0755 : 0644;
    chmod(entry.path().c_str(), open ? mode : mode & 0700);
  }
}

TEST(KeyAudit, ATokenThatOthersReadStopsItsSigners) {
  World world;
  world.Start();
  ASSERT_EQ(Apply(world, SignerOf("release", "release-key")).exit_code, 0);
  ASSERT_EQ(world.Stop(), 0);
  OpenTokens(world, true);

  world.Start();
  const auto host = world.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_EQ(host->Do("sign ECDSA " + kInput), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(
      host->Errors(),
      AllOf(HasSubstr("signer release is not enabled: the key audit found token-readable. "),
            HasSubstr("grantctl signer check release")));
  const Outcome check = world.Ctl({"signer", "check", "release"});
  EXPECT_EQ(check.exit_code, kRefusedExit);
  EXPECT_THAT(check.output, AllOf(HasSubstr("critical token-readable: everybody"),
                                  HasSubstr("hint: "), HasSubstr("chmod ")));
  EXPECT_EQ(world.Ctl({"signer", "check", "release", "-o", "name"}).output, "token-readable\n");
  while (world.Audited("signer.disabled") == 0) std::this_thread::yield();
  const auto explained = world.Ctl({"explain"});
  EXPECT_THAT(explained.output, HasSubstr("[key-unsafe]"));
  EXPECT_NE(world
                .Ctl({"key", "csr", "--token", "prod", "--label", "release-key", "--subject",
                      "CN=Release"})
                .exit_code,
            0);

  ASSERT_EQ(world.Stop(), 0);
  OpenTokens(world, false);
  world.Start();
  const auto again = world.NewHost();
  ASSERT_EQ(again->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(again->Do("sign ECDSA " + kInput), StartsWith("CKR_OK "));
  while (world.Audited("signer.enabled") == 0) std::this_thread::yield();
}

TEST(KeyAudit, IsForAdministratorsAndAuditors) {
  if (!IsRoot()) GTEST_SKIP() << "needs root, to act as users of their own";
  World world;
  world.Start();
  world.ApplyRules({PrincipalOf(kAliceUid)});
  EXPECT_EQ(world.Ctl({"signer", "check", "release"}, kAliceUid).exit_code, kRefusedExit);
  EXPECT_EQ(world.Ctl({"signer", "check", "release"}).exit_code, 0);
}

struct NewKey {
  std::string type;
  std::string label;
  std::string mechanism;
  std::string data;
};

class Keys : public testing::Test {
 protected:
  Keys() : world_(std::vector<KeyToMake>()) { world_.Start(); }

  Outcome Generate(const std::string& type, const std::string& label, uid_t uid = 0) {
    return world_.Ctl({"key", "generate", "--token", "prod", "--label", label, "--type", type},
                      uid);
  }

  // Writes the request to a file.
  std::string Csr(const std::string& label, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "key",     "csr", "--token",   "prod",
        "--label", label, "--subject", "CN=Release signing,O=Example\\, Inc.,C=DE"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome made = world_.Ctl(arguments);
    EXPECT_EQ(made.exit_code, 0) << made.output;
    return world_.directory().Write(label + ".csr", made.output);
  }

  // A chain for the request, by an authority of its own.
  std::string Certify(const std::string& csr) {
    const std::string folder = world_.directory().path() + "/";
    const auto openssl = [](std::vector<std::string> arguments) {
      arguments.insert(arguments.begin(), "openssl");
      const Outcome outcome = test::Run(arguments);
      EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    };
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", "/CN=Authority", "-keyout", folder + "ca.key", "-out", folder + "ca.pem"});
    openssl({"x509", "-req", "-in", csr, "-CA", folder + "ca.pem", "-CAkey", folder + "ca.key",
             "-out", csr + ".pem"});
    std::ostringstream chain;
    chain << std::ifstream(csr + ".pem").rdbuf() << std::ifstream(folder + "ca.pem").rdbuf();
    return world_.directory().Write("chain.pem", chain.str());
  }

  World world_;
};

TEST_F(Keys, OfEveryTypeAreCleanAndSignUnderAGrant) {
  const std::string info = "3031300d060960864801650304020105000420";
  const std::string digest = std::string(64, 'a');
  const std::vector<NewKey> all = {{"rsa:3072", "rsa", "RSA-PKCS", info + digest},
                                   {"ec:p256", "p256", "ECDSA", digest},
                                   {"ec:p384", "p384", "ECDSA", digest + std::string(32, 'b')},
                                   {"ed25519", "ed", "EDDSA", digest}};
  std::string rules =
      "[[policy]]\nname = \"p\"\nmax_window = \"8h\"\nmax_signings = 10\n[[policy.step]]\n"
      "approvers = [\"" +
      PrincipalOf(geteuid()) + "\"]\n";
  for (const NewKey& key : all) {
    const Outcome made = Generate(key.type, key.label);
    ASSERT_EQ(made.exit_code, 0) << made.output;
    EXPECT_THAT(made.output, HasSubstr("pkcs11:token=prod;object=" + key.label));
    EXPECT_THAT(made.output, Not(HasSubstr("critical")));
    rules += SignerOf(key.label, key.label, "policy = \"p\"\n");
  }
  EXPECT_EQ(world_.Audited("key.generation-begun"), static_cast<int>(all.size()));
  EXPECT_EQ(world_.Audited("key.generated"), static_cast<int>(all.size()));
  const Outcome applied = Apply(world_, rules);
  ASSERT_EQ(applied.exit_code, 0) << applied.output;
  const auto host = world_.NewHost();
  for (const NewKey& key : all) {
    for (const std::string& finding : Findings(world_.CtlJson({"signer", "check", key.label}))) {
      EXPECT_THAT(finding,
                  testing::AnyOf(StartsWith("note "), "warning same-user", "warning other-module"))
          << key.label;
    }
    ASSERT_EQ(host->Do("find " + key.label), "CKR_OK");
    EXPECT_EQ(host->Do("sign " + key.mechanism + " hex:" + key.data),
              "CKR_FUNCTION_REJECTED C_Sign");
    world_.Grant(1, {"--window", "1h"}, 0, key.label);
    EXPECT_THAT(host->Do("sign " + key.mechanism + " hex:" + key.data), StartsWith("CKR_OK "))
        << key.label;
  }
}

TEST_F(Keys, HaveALabelOfTheirOwnAndComeFromAdministratorsAlone) {
  ASSERT_EQ(Generate("ec:p256", "release-key").exit_code, 0);
  const Outcome again = Generate("ec:p256", "release-key");
  EXPECT_EQ(again.exit_code, kRefusedExit);
  EXPECT_THAT(again.output, HasSubstr("labelled 'release-key' already"));
  EXPECT_NE(Generate("ec:p256", "release key").exit_code, 0);
  EXPECT_EQ(Generate("dsa:1024", "other").exit_code, 2);
  if (!IsRoot()) return;
  EXPECT_EQ(Generate("ec:p256", "other", kAliceUid).exit_code, kRefusedExit);
  EXPECT_EQ(world_.Audited("key.generated"), 1);
}

TEST_F(Keys, ACertificateRequestVerifiesAndIsInTheAudit) {
  for (const auto& [type, label] : {std::pair{"rsa:2048", "rsa"}, std::pair{"ec:p256", "p256"},
                                    std::pair{"ec:p384", "p384"}, std::pair{"ed25519", "ed"}}) {
    ASSERT_EQ(Generate(type, label).exit_code, 0);
    const std::string csr =
        Csr(label, {"--san", "DNS:release.example.com", "--san", "IP:192.0.2.1"});
    const Outcome read = test::Run({"openssl", "req", "-in", csr, "-verify", "-noout", "-text"});
    EXPECT_EQ(read.exit_code, 0) << read.output;
    EXPECT_THAT(read.output, AllOf(HasSubstr("verify OK"), HasSubstr("CN = Release signing"),
                                   HasSubstr("Example, Inc."),
                                   HasSubstr("DNS:release.example.com, IP Address:192.0.2.1")));
  }
  EXPECT_EQ(world_.Audited("key.csr-signed"), 4);
  EXPECT_EQ(world_.Audited("signature.spent"), 0);
}

TEST_F(Keys, ACertificateRequestIsForAdministratorsWhateverGovernsTheKey) {
  if (!IsRoot()) GTEST_SKIP() << "needs root, to act as users of their own";
  ASSERT_EQ(Generate("ec:p256", "release-key").exit_code, 0);
  world_.ApplyRules({PrincipalOf(kAliceUid)});
  const Outcome refused = world_.Ctl(
      {"key", "csr", "--token", "prod", "--label", "release-key", "--subject", "CN=x"}, kAliceUid);
  EXPECT_EQ(refused.exit_code, kRefusedExit) << refused.output;
  EXPECT_EQ(world_.Audited("key.csr-signed"), 0);
  const auto made = world_.CtlJson(
      {"key", "csr", "--token", "prod", "--label", "release-key", "--subject", "CN=x"});
  EXPECT_EQ(made.at("signer"), "release");
}

TEST_F(Keys, ACertificateChainIsAttachedToTheSignerOfItsKeyAlone) {
  ASSERT_EQ(Generate("ec:p256", "release-key").exit_code, 0);
  ASSERT_EQ(Generate("ec:p256", "other-key").exit_code, 0);
  world_.ApplyRules({PrincipalOf(geteuid())});
  const std::string foreign = Certify(Csr("other-key"));
  const Outcome refused = world_.Ctl({"signer", "certificate", "release", "--file", foreign});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.output, HasSubstr("is not of the key of signer 'release'"));

  const std::string chain = Certify(Csr("release-key"));
  const int before = world_.CtlJson({"rules", "show"}).at("version");
  const auto change = world_.CtlJson({"signer", "certificate", "release", "--file", chain});
  EXPECT_EQ(change.at("version"), before + 1);
  EXPECT_EQ(world_.Audited("rules.applied"), 2);
  const std::string shown = world_.Ctl({"signer", "certificate", "release"}).output;
  EXPECT_THAT(shown, StartsWith("-----BEGIN CERTIFICATE-----"));
  const Outcome leaf = test::Run({"openssl", "x509", "-noout", "-subject", "-in",
                                  world_.directory().Write("shown.pem", shown)});
  EXPECT_THAT(leaf.output, HasSubstr("Release signing"));
  const auto host = world_.NewHost();
  EXPECT_THAT(host->Do("certificates"), HasSubstr(ToHex("release-key")));
}

}  // namespace
}  // namespace grant::test
