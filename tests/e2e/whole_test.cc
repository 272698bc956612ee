// The whole of it, with seven users: a requester, two teams that approve in two steps, an auditor
// and a machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

enum Who : uid_t {
  kRequester = kAliceUid,
  kSecurityOne = kBobUid,
  kSecurityTwo,
  kBoardOne,
  kBoardTwo,
  kAuditor,
  kMachine
};

const std::string kOther = "hex:" + std::string(64, 'b');

std::string Quoted(uid_t uid) {
  return "\"" + PrincipalOf(uid) + "\"";
}

class TheWhole : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsRoot()) GTEST_SKIP() << "needs root, to act as users of their own";
    world_.ConfigureSite("auditors = [" + Quoted(kAuditor) + "]\n");
    world_.Start();
    world_.ApplyRulesText(
        "[[user]]\nname = " + Quoted(kMachine) + "\nkind = \"machine\"\n" +
        "[[group]]\nname = \"security\"\nmembers = [" + Quoted(kSecurityOne) + ", " +
        Quoted(kSecurityTwo) + "]\n[[group]]\nname = \"board\"\nmembers = [" + Quoted(kBoardOne) +
        ", " + Quoted(kBoardTwo) +
        "]\n[[policy]]\nname = \"p\"\nmax_window = \"8h\"\nmax_signings = 10\n"
        "self_approval = false\nbypass_machine_identities = true\n"
        "[[policy.step]]\nname = \"Security\"\napprovers = [\"group:security\"]\n"
        "[[policy.step]]\nname = \"Board\"\napprovers = [\"group:board\"]\nrequired = 2\n"
        "[[signer]]\nname = \"release\"\nkey = \"pkcs11:token=prod;object=release-key\"\n"
        "policy = \"p\"\nusers = [" +
        Quoted(kRequester) + ", " + Quoted(kMachine) + "]\n");
  }

  nlohmann::json Create(uid_t uid, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"request", "create",   "release", "--signings",
                                          "3",       "--window", "2h",      "--reason",
                                          "Release", "--no-wait"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return world_.CtlJson(arguments, uid);
  }

  int Try(uid_t uid, const std::string& verb, const std::string& id) {
    return world_.Ctl({"request", verb, id}, uid).exit_code;
  }

  size_t Awaiting(uid_t uid) {
    return world_.CtlJson({"request", "list", "--awaiting-me"}, uid).at("items").size();
  }

  World world_;
};

TEST_F(TheWhole, ARequestThroughTwoTeamsToASignatureAndItsAudit) {
  const std::string file = world_.directory().Write("app.bin", "the program");
  std::filesystem::permissions(file, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const auto request = Create(kRequester, {"--file", file});
  const std::string id = request.at("id");

  EXPECT_EQ(Awaiting(kSecurityOne), 1U);
  EXPECT_EQ(Awaiting(kBoardOne), 0U) << "the step before theirs is not complete";
  for (const uid_t nobody : {uid_t{kRequester}, uid_t{kBoardOne}, uid_t{kAuditor}}) {
    EXPECT_EQ(Try(nobody, "approve", id), 3) << nobody;
  }
  EXPECT_NE(Try(kMachine, "approve", id), 0);
  EXPECT_THAT(world_.Ctl({"request", "show", id}, kSecurityOne).output,
              HasSubstr(" (" + file + ")"));
  const auto narrowed = world_.CtlJson(
      {"request", "approve", id, "--signings", "2", "--comment", "two files"}, kSecurityOne);
  EXPECT_EQ(narrowed.at("step"), 2);
  EXPECT_EQ(Try(kSecurityTwo, "approve", id), 3) << "their step is complete";
  EXPECT_EQ(Try(kBoardOne, "approve", id), 0);
  EXPECT_EQ(Try(kBoardOne, "approve", id), 3) << "nobody counts twice";
  const std::string grant = world_.CtlJson({"request", "approve", id}, kBoardTwo).at("grant_id");

  std::string digest = request.at("digests")[0];
  digest = "hex:" + digest.substr(digest.find(':') + 1);
  const auto requester = world_.NewHost(kRequester);
  ASSERT_EQ(requester->Do("find release-key"), "CKR_OK");
  EXPECT_EQ(requester->Do("sign ECDSA " + kOther), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(requester->Errors(), HasSubstr("does not cover this content"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(requester->Do("sign ECDSA " + digest), StartsWith("CKR_OK "));
  }
  EXPECT_EQ(requester->Do("sign ECDSA " + digest), "CKR_FUNCTION_REJECTED C_Sign");
  for (const uid_t nobody : {uid_t{kBoardOne}, uid_t{kAuditor}}) {
    const auto host = world_.NewHost(nobody);
    ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
    EXPECT_EQ(host->Do("sign ECDSA " + digest), "CKR_FUNCTION_REJECTED C_Sign") << nobody;
  }

  const auto shown = world_.CtlJson({"grant", "show", grant}, kAuditor);
  EXPECT_EQ(shown.at("status"), "exhausted");
  EXPECT_EQ(shown.at("uses").size(), 2U);
  EXPECT_EQ(shown.at("files")[0].at("name"), file);
  EXPECT_EQ(world_.CtlJson({"audit", "verify"}, kAuditor).at("intact"), true);
  EXPECT_EQ(world_.Audited("signature.spent"), 2);
  EXPECT_EQ(world_.Audited("request.step-approved"), 2);
}

TEST_F(TheWhole, AMachineSignsAtOnceUntilAnApproverEndsIt) {
  const auto request = Create(kMachine);
  EXPECT_EQ(request.at("status"), "approved");
  const std::string grant = request.at("grant_id");
  const auto machine = world_.NewHost(kMachine);
  ASSERT_EQ(machine->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(machine->Do("sign ECDSA " + kOther), StartsWith("CKR_OK "));
  for (const uid_t nobody : {uid_t{kAuditor}, uid_t{kRequester}}) {
    EXPECT_NE(world_.Ctl({"grant", "revoke", grant, "--reason", "x"}, nobody).exit_code, 0);
  }
  EXPECT_EQ(world_.Ctl({"grant", "release", grant}, kBoardOne).exit_code, 3);
  EXPECT_EQ(world_.Ctl({"grant", "revoke", grant, "--reason", "hacked"}, kBoardOne).exit_code, 0);
  EXPECT_EQ(machine->Do("sign ECDSA " + kOther), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(machine->Errors(), HasSubstr("was revoked by " + PrincipalOf(kBoardOne)));
  EXPECT_EQ(world_.CtlJson({"audit", "verify"}, kAuditor).at("intact"), true);
}

TEST_F(TheWhole, ARejectionByEitherTeamEndsIt) {
  const std::string first = Create(kRequester, {"--new"}).at("id");
  EXPECT_EQ(Try(kSecurityTwo, "reject", first), 0);
  EXPECT_EQ(Try(kSecurityOne, "approve", first), 3);
  const std::string second = Create(kRequester, {"--new"}).at("id");
  EXPECT_EQ(Try(kSecurityOne, "approve", second), 0);
  EXPECT_EQ(Try(kBoardTwo, "reject", second), 0);
  EXPECT_TRUE(world_.CtlJson({"grant", "list"}).at("items").empty());
}

}  // namespace
}  // namespace grant::test
