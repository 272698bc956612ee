// What a request goes through with a real grantd: its expiry, its repetition, what approvers leave
// of it, what its grant is for, and a command run under it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');

class Requests : public testing::Test {
 protected:
  Requests() {
    world_.Start();
    world_.ApplyRules({PrincipalOf(geteuid())});
  }

  std::string Create(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"request", "create",   "release", "--signings",
                                          "3",       "--window", "1h",      "--reason",
                                          "Release", "--no-wait"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return world_.CtlJson(arguments).at("id");
  }

  nlohmann::json Approve(const std::string& id, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"request", "approve", id};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return world_.CtlJson(arguments);
  }

  // Rules whose requests live for this long.
  void LetRequestsExpireAfter(const std::string& ttl) {
    const std::string me = "\"" + PrincipalOf(geteuid()) + "\"";
    world_.ApplyRulesText(
        "[[policy]]\nname = \"p\"\nmax_window = \"8h\"\nmax_signings = 10\n"
        "max_request_ttl = \"" +
        ttl +
        "\"\n[[policy.step]]\nname = \"Review\"\n"
        "approvers = [" +
        me +
        "]\n[[signer]]\nname = \"release\"\n"
        "key = \"pkcs11:token=prod;object=release-key\"\npolicy = \"p\"\n"
        "users = [" +
        me + "]\n");
  }

  std::string AwaitOpen() {
    while (true) {
      const auto open = world_.CtlJson({"request", "list", "--awaiting-me"});
      if (!open.at("items").empty()) return open.at("items")[0].at("id");
      std::this_thread::yield();
    }
  }

  // The entry that tells of the request's expiry, once there is one; the request is not looked at.
  nlohmann::json AwaitExpiry(const std::string& id) {
    while (true) {
      const auto list =
          world_.CtlJson({"audit", "list", "--event", "request.expired", "--subject", id});
      if (!list.at("items").empty()) return list.at("items")[0];
      std::this_thread::yield();
    }
  }

  World world_;
};

TEST_F(Requests, ExpireOnTimeWithoutAnybodyAsking) {
  LetRequestsExpireAfter("1s");
  const std::string id = Create();
  const auto entry = AwaitExpiry(id);
  EXPECT_THAT(entry.at("actor"), StartsWith("grantd:"));
  const auto request = world_.CtlJson({"request", "show", id});
  EXPECT_EQ(request.at("status"), "expired");
  EXPECT_GE(entry.at("at").get<std::string>(), request.at("expires_at").get<std::string>());
  const Outcome late = world_.Ctl({"request", "approve", id});
  EXPECT_EQ(late.exit_code, 3);
  EXPECT_THAT(late.output, HasSubstr("is expired, not open"));
}

TEST_F(Requests, WhatExpiredWhileGrantdWasDownIsExpiredAfterwards) {
  LetRequestsExpireAfter("2s");
  const std::string id = Create();
  world_.Kill();
  std::this_thread::sleep_until(std::chrono::steady_clock::now() + std::chrono::seconds(2));
  world_.Start();
  EXPECT_EQ(world_.Ctl({"request", "approve", id}).exit_code, 3);
  EXPECT_EQ(world_.CtlJson({"request", "show", id}).at("status"), "expired");
  AwaitExpiry(id);
  EXPECT_TRUE(world_.CtlJson({"grant", "list"}).at("items").empty());
}

TEST_F(Requests, RepeatingOneReturnsTheOpenOneAndSaysSo) {
  const std::string id = Create();
  const std::vector<std::string> again = {"request", "create",    "release", "--signings",
                                          "3",       "--window",  "1h",      "--reason",
                                          "Release", "--no-wait", "-o",      "name"};
  EXPECT_EQ(world_.Ctl(again).output, "request " + id +
                                          " asks for the same and is open already; --new files "
                                          "another\n" +
                                          id + "\n");
  EXPECT_NE(Create({"--new"}), id);
  EXPECT_EQ(world_.Audited("request.filed"), 2);
}

TEST_F(Requests, OnATerminalFilingWaitsAndTellsWhoCanApproveInColour) {
  Environment environment = world_.client_environment();
  environment.merge(Environment{{"TERM", "xterm"}, {"NO_COLOR", ""}});
  // Gives a program a terminal of its own, and tells its exit code.
  constexpr const char* kOnATerminal =
      "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
  auto filing = std::async(std::launch::async, [&] {
    return test::Run({"/usr/bin/python3", "-c", kOnATerminal, GRANTCTL_PROGRAM, "request", "create",
                      "release", "--signings", "1", "--window", "1h", "--reason", "Release"},
                     environment);
  });
  const std::string id = AwaitOpen();
  Approve(id);
  const Outcome filed = filing.get();
  EXPECT_EQ(filed.exit_code, 0) << filed.output;
  EXPECT_THAT(filed.output,
              AllOf(HasSubstr("waiting for " + id + "; Ctrl-C leaves it open"),
                    HasSubstr("0 of 1 approvals; can approve: " + PrincipalOf(geteuid())),
                    HasSubstr("\x1b[32mapproved")));
}

TEST_F(Requests, ANarrowedApprovalBoundsTheSignatures) {
  const auto request = Approve(Create(), {"--signings", "1", "--window", "30m"});
  const std::string id = request.at("grant_id");
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(host->Errors(), HasSubstr("is used up (1 of 1)"));
  EXPECT_THAT(world_.Ctl({"request", "show", request.at("id")}).output,
              AllOf(HasSubstr("1 of 3"), HasSubstr("narrowed to 1 signatures, 30m")));
}

TEST_F(Requests, AGrantForAFileCoversItAndShowsItsName) {
  const std::string file = world_.directory().Write("app.bin", "the program");
  const std::string id = Create({"--file", file});
  EXPECT_THAT(world_.Ctl({"request", "show", id}).output, HasSubstr(" (" + file + ")"));
  const std::string grant = Approve(id).at("grant_id");
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_EQ(world_.Used(grant), 0);
  const std::string digest = world_.CtlJson({"grant", "show", grant}).at("digests")[0];
  EXPECT_THAT(host->Do("sign ECDSA hex:" + digest.substr(digest.find(':') + 1)),
              StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Used(grant), 1);
}

TEST_F(Requests, AGrantForAProgramIsForThatProgramAlone) {
  Approve(Create({"--scope", "program=/usr/bin/openssl"}));
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(host->Errors(), HasSubstr("does not cover " + PrincipalOf(geteuid()) + " running"));
  const std::string own =
      Approve(Create({"--scope", "program=" + std::string(SIGNING_HOST_PROGRAM)})).at("grant_id");
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Used(own), 1);
  EXPECT_EQ(world_.CtlJson({"explain"}).at("items")[0].at("detail").at("cause"), "out-of-scope");
}

TEST_F(Requests, AnUnknownScopeIsAnErrorAndNoRequest) {
  for (const char* scope : {"host=ci", "uid=0", "program=openssl"}) {
    const Outcome outcome = world_.Ctl({"request", "create", "release", "--signings", "1",
                                        "--window", "1h", "--reason", "x", "--scope", scope});
    EXPECT_EQ(outcome.exit_code, 2) << scope;
    EXPECT_THAT(outcome.output, HasSubstr("is not a scope: write user=unix:NAME"));
  }
  EXPECT_TRUE(world_.CtlJson({"request", "list"}).at("items").empty());
}

// `grantctl run` with an approver who decides as soon as there is something to decide.
class RunUnderAGrant : public Requests {
 protected:
  // `script` is for sh, which finds the module in $MODULE.
  Outcome RunScript(const std::string& script, std::vector<std::string> more = {}) {
    auto running = std::async(std::launch::async, [&] {
      std::vector<std::string> arguments = {"run",      "release", "--signings", "2",
                                            "--window", "10m",     "--reason",   "a build"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      arguments.insert(arguments.end(), {"--", "env", std::string("MODULE=") + GRANT_PKCS11_MODULE,
                                         "sh", "-c", script});
      return world_.Ctl(arguments);
    });
    Approve(AwaitOpen());
    return running.get();
  }

  nlohmann::json OnlyGrant() {
    const auto grants = world_.CtlJson({"grant", "list"}).at("items");
    EXPECT_EQ(grants.size(), 1U);
    return grants[0];
  }

  static constexpr const char* kSign =
      "pkcs11-tool --module \"$MODULE\" --sign --mechanism ECDSA --label release-key "
      "--input-file \"$0\" --output-file /dev/null";

  // The script above with a digest to sign.
  std::string Sign() {
    const std::string digest = world_.directory().Write("digest", std::string(32, 'd'));
    std::string script = kSign;
    script.replace(script.find("$0"), 2, digest);
    return script;
  }
};

TEST_F(RunUnderAGrant, SignsAndGivesUpTheRest) {
  if (!std::string(SANITIZED).empty()) {
    GTEST_SKIP() << "another program cannot load a module built with a sanitizer";
  }
  const Outcome outcome = RunScript("test -n \"$GRANTD_GRANT\" && " + Sign());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("1 of 2 signatures used, the rest given up"));
  const auto grant = OnlyGrant();
  EXPECT_EQ(grant.at("status"), "released");
  EXPECT_EQ(grant.at("used"), 1);
  EXPECT_EQ(world_.Audited("grant.released"), 1);
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(host->Errors(), HasSubstr("was released by its holder"));
}

TEST_F(RunUnderAGrant, ReleasesAlsoWhereTheCommandFails) {
  const Outcome outcome = RunScript("exit 42");
  EXPECT_EQ(outcome.exit_code, 42) << outcome.output;
  EXPECT_EQ(OnlyGrant().at("status"), "released");
}

TEST_F(RunUnderAGrant, ReleasesAlsoWhereItIsInterrupted) {
  // The command ends grantctl, its parent, as a service manager would.
  const Outcome outcome = RunScript("trap 'exit 9' TERM; kill -TERM $PPID; while :; do :; done");
  EXPECT_EQ(outcome.exit_code, 9) << outcome.output;
  EXPECT_EQ(OnlyGrant().at("status"), "released");
}

TEST_F(RunUnderAGrant, ReusesAGrantAndLeavesIt) {
  const std::string held = Approve(Create()).at("grant_id");
  const Outcome outcome =
      world_.Ctl({"run", "release", "--signings", "2", "--window", "10m", "--reason", "x",
                  "--reuse", "--", "sh", "-c", "test \"$GRANTD_GRANT\" = " + held});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_EQ(OnlyGrant().at("status"), "active");
}

TEST_F(RunUnderAGrant, TakesTheRequestBackWhereNobodyDecides) {
  const Outcome outcome = world_.Ctl({"run", "release", "--signings", "2", "--window", "10m",
                                      "--reason", "x", "--timeout", "1s", "--", "true"});
  EXPECT_EQ(outcome.exit_code, 5) << outcome.output;
  const auto requests = world_.CtlJson({"request", "list"}).at("items");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].at("status"), "cancelled");
}

}  // namespace
}  // namespace grant::test
