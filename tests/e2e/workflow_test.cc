#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

class WorkflowByGrantctl : public testing::Test {
 protected:
  WorkflowByGrantctl() {
    world_.Start();
    world_.ApplyRules({PrincipalOf(geteuid())});
  }

  std::string Create(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "request", "create",   "release",        "--signings", "2",    "--window",
        "1h",      "--reason", "Release v2.4.0", "--no-wait",  "--new"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return world_.CtlJson(arguments).at("id");
  }

  std::string StatusOf(const std::string& id) {
    return world_.CtlJson({"request", "show", id}).at("status");
  }

  World world_;
};

TEST_F(WorkflowByGrantctl, ApprovesRejectsAndCancels) {
  const std::string approved = Create();
  const std::string rejected = Create();
  const std::string cancelled = Create();
  EXPECT_EQ(world_.Ctl({"request", "approve", approved, "--comment", "looks good"}).exit_code, 0);
  EXPECT_EQ(world_.Ctl({"request", "reject", rejected, "--comment", "wrong tag"}).exit_code, 0);
  EXPECT_EQ(world_.Ctl({"request", "cancel", cancelled}).exit_code, 0);
  EXPECT_EQ(StatusOf(approved), "approved");
  EXPECT_EQ(StatusOf(rejected), "rejected");
  EXPECT_EQ(StatusOf(cancelled), "cancelled");
  const auto again = world_.Ctl({"request", "approve", rejected});
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_THAT(again.output, HasSubstr("is rejected, not open"));
  EXPECT_THAT(again.output, HasSubstr("hint: "));
  const auto listed = world_.CtlJson({"request", "list", "--status", "rejected"}).at("items");
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].at("id"), rejected);
}

TEST_F(WorkflowByGrantctl, TakesUniquePrefixes) {
  const std::string id = Create();
  EXPECT_EQ(StatusOf(id.substr(0, id.size() - 3)), "open");
  Create();
  const auto ambiguous = world_.Ctl({"request", "show", "req_"});
  EXPECT_NE(ambiguous.exit_code, 0);
  EXPECT_THAT(ambiguous.output, HasSubstr("several"));
}

TEST_F(WorkflowByGrantctl, KeepsToThePolicy) {
  const auto outcome = world_.Ctl({"request", "create", "release", "--signings", "2", "--window",
                                   "9h", "--reason", "x", "--no-wait"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("longer than policy 'release-signing' allows"));
  EXPECT_THAT(outcome.output, HasSubstr("hint: ask for at most 8h"));
}

TEST_F(WorkflowByGrantctl, ShowsTheDifferenceOfRulesAndCountsTheirVersions) {
  const auto before = world_.CtlJson({"rules", "show"});
  const auto unchanged = world_.Ctl({"apply", "-f", world_.directory() / "rules.toml", "--yes"});
  EXPECT_EQ(unchanged.exit_code, 0);
  EXPECT_EQ(world_.CtlJson({"rules", "show"}).at("version"), before.at("version"));
  std::string rules =
      "[[signer]]\nname = \"release\"\nkey = "
      "\"pkcs11:token=prod;object=release-key\"\nusers = [\"unix:root\"]\n";
  const auto outcome =
      world_.Ctl({"apply", "-f", world_.directory().Write("new.toml", rules), "--yes"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, HasSubstr("- policy release-signing"));
  EXPECT_THAT(outcome.output, HasSubstr("~ signer release: policy: release-signing -> none"));
  EXPECT_EQ(world_.CtlJson({"rules", "show"}).at("version"), before.at("version").get<int>() + 1);
  EXPECT_EQ(world_.Audited("rules.applied"), 2);
}

TEST_F(WorkflowByGrantctl, RefusesRulesWithTheLineAndTheNearestName) {
  const std::string path = world_.directory().Write(
      "bad.toml", "[[signer]]\nname = \"x\"\nkee = \"pkcs11:object=x\"\nusers = [\"unix:root\"]\n");
  const auto outcome = world_.Ctl({"apply", "-f", path, "--yes"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("bad.toml:3"));
  EXPECT_THAT(outcome.output, HasSubstr("'key'"));
}

TEST_F(WorkflowByGrantctl, RefusesASignerWhoseKeyIsNotThere) {
  const std::string path =
      world_.directory().Write("lost.toml",
                               "[[signer]]\nname = \"x\"\nkey = "
                               "\"pkcs11:token=prod;object=lost\"\nusers = [\"unix:root\"]\n");
  const auto outcome = world_.Ctl({"apply", "-f", path, "--yes"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("no private key"));
}

TEST_F(WorkflowByGrantctl, LeavesAnIntactAuditOfEveryStep) {
  const std::string id = Create();
  world_.Ctl({"request", "approve", id});
  for (const char* event : {"rules.applied", "request.filed", "request.approved", "grant.issued"}) {
    EXPECT_EQ(world_.Audited(event), 1) << event;
  }
  const auto report = world_.CtlJson({"audit", "verify"});
  EXPECT_EQ(report.at("intact"), true);
  EXPECT_GE(report.at("entries"), 5);
}

TEST_F(WorkflowByGrantctl, SaysWhenGrantdIsAway) {
  world_.Stop();
  const auto outcome = world_.Ctl({"whoami"});
  EXPECT_EQ(outcome.exit_code, 6);
  EXPECT_THAT(outcome.output, HasSubstr("hint: "));
  world_.Start();
}

}  // namespace
}  // namespace grant::test
