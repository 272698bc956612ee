#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kTag = "\"3f\"";
constexpr const char* kDocument = "[[signer]]\nname = \"release\"\ncertificate = \"release.pem\"\n";

Json Change(int version, std::vector<std::string> changes, bool applied) {
  return Json::object({{"version", version}, {"changes", changes}, {"applied", applied}});
}

// Rules at version 3, and a document that changes three things.
FakeAnswer Grantd(const FakeCall& call) {
  if (call.method == "GET") return {.body = R"({"version":3})", .etag = kTag};
  const bool dry_run = call.json()["dry_run"];
  const std::vector<std::string> changes = {"+ signer release", "- policy old", "~ group security"};
  return {200, Change(dry_run ? 3 : 4, changes, !dry_run).dump()};
}

class Apply : public ::testing::Test {
 protected:
  Apply() {
    directory_.Write("release.pem", "PEM");
    path_ = directory_.Write("rules.toml", kDocument);
  }

  TemporaryDirectory directory_;
  std::string path_;
  FakeGrantd grantd_{Grantd};
};

TEST_F(Apply, ShowsTheDifferenceThenAppliesExactlyThat) {
  const Ran ran = RunAt(grantd_, {"apply", "-f", path_, "--yes"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, "version 4 is in force\n");
  EXPECT_EQ(ran.err, "+ signer release\n- policy old\n~ group security\n");
  ASSERT_THAT(grantd_.lines(), ElementsAre("GET /v1/rules", "POST /v1/rules", "POST /v1/rules"));
  Json body = grantd_.calls()[1].json();
  EXPECT_EQ(body["document"], kDocument);
  EXPECT_EQ(body["source"], path_);
  EXPECT_EQ(body["files"], Json::object({{"release.pem", "PEM"}}));
  EXPECT_EQ(grantd_.calls()[1].if_match, kTag);
  EXPECT_EQ(body["dry_run"], true);
  body["dry_run"] = false;
  EXPECT_EQ(grantd_.calls()[2].json(), body);
  EXPECT_EQ(grantd_.calls()[2].if_match, kTag);
}

TEST_F(Apply, PassesWarningsOn) {
  FakeGrantd warning([](const FakeCall& call) -> FakeAnswer {
    if (call.method == "GET") return {.body = R"({"version":3})", .etag = kTag};
    Json change = Change(3, {"+ signer release"}, false);
    change["warnings"] = {"signer 'release': unix:eve is an auditor\x1b[2J"};
    return {200, change.dump()};
  });
  EXPECT_EQ(RunAt(warning, {"apply", "-f", path_, "--dry-run"}).err,
            "warning: signer 'release': unix:eve is an auditor\\u001b[2J\n");
}

TEST_F(Apply, AsksOnATerminal) {
  const Ran agreed = RunAt(grantd_, {"apply", "-f", path_}, {.in = "y\n", .terminal = true});
  EXPECT_EQ(agreed.exit, 0);
  EXPECT_THAT(agreed.err, HasSubstr("\x1b[32m+ signer release\x1b[0m\n"
                                    "\x1b[31m- policy old\x1b[0m\n"
                                    "\x1b[33m~ group security\x1b[0m\n"
                                    "apply these changes? [y/N] "));
  EXPECT_EQ(grantd_.calls().size(), 3u);

  const Ran declined = RunAt(grantd_, {"apply", "-f", path_}, {.in = "\n", .terminal = true});
  EXPECT_EQ(declined.exit, 1);
  EXPECT_THAT(declined.err, HasSubstr("nothing was applied"));
  EXPECT_EQ(grantd_.calls().size(), 5u);
}

TEST_F(Apply, WithoutATerminalItNeedsYes) {
  const Ran ran = RunAt(grantd_, {"apply", "-f", path_}, {.in = "y\n"});
  EXPECT_EQ(ran.exit, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("\nhint: --yes applies without asking"));
  EXPECT_TRUE(grantd_.calls().empty());
}

TEST_F(Apply, ADryRunChangesNothingAndAsksNothing) {
  const Ran ran = RunAt(grantd_, {"apply", "-f", path_, "--dry-run"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out, "+ signer release\n- policy old\n~ group security\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(grantd_.lines(), ElementsAre("GET /v1/rules", "POST /v1/rules"));
}

TEST_F(Apply, JsonIsTheApisAnswer) {
  const Ran ran = RunAt(grantd_, {"apply", "-f", path_, "--yes", "-o", "json"});
  EXPECT_EQ(Json::parse(ran.out),
            Change(4, {"+ signer release", "- policy old", "~ group security"}, true));
}

TEST_F(Apply, NothingToChangeAppliesNothing) {
  FakeGrantd grantd([](const FakeCall& call) {
    return call.method == "GET" ? FakeAnswer{.body = R"({"version":3})", .etag = kTag}
                                : FakeAnswer{200, Change(3, {}, false).dump()};
  });
  const Ran ran = RunAt(grantd, {"apply", "-f", path_, "--yes"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out, "nothing to change: version 3 stays in force\n");
  EXPECT_EQ(grantd.calls().size(), 2u);
}

TEST_F(Apply, AChangeInBetweenIsRefused) {
  FakeGrantd grantd([](const FakeCall& call) {
    if (call.method == "GET" || call.json()["dry_run"]) return Grantd(call);
    return Problem(412, "stale", "the rules changed meanwhile", "grantctl apply again");
  });
  const Ran ran = RunAt(grantd, {"apply", "-f", path_, "--yes"});
  EXPECT_EQ(ran.exit, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("grantctl: the rules changed meanwhile\nhint: grantctl apply"));
}

TEST_F(Apply, AMistakeInTheRulesIsGrantdsToReport) {
  FakeGrantd grantd([](const FakeCall& call) {
    if (call.method == "GET") return Grantd(call);
    return Problem(400, "invalid", "rules.toml:3: unknown key 'memebers'",
                   "did you mean 'members'?");
  });
  const Ran ran = RunAt(grantd, {"apply", "-f", path_, "--yes"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.err,
            "grantctl: rules.toml:3: unknown key 'memebers'\nhint: did you mean 'members'?\n");
}

TEST_F(Apply, ChangesCannotDriveTheTerminal) {
  FakeGrantd grantd([](const FakeCall& call) {
    return call.method == "GET" ? FakeAnswer{.body = R"({"version":3})", .etag = kTag}
                                : FakeAnswer{200, Change(3, {"+ group \x1b[2J"}, false).dump()};
  });
  EXPECT_EQ(RunAt(grantd, {"apply", "-f", path_, "--dry-run"}).out, "+ group \\u001b[2J\n");
}

}  // namespace
}  // namespace grant::ctl
