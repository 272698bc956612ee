#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json Forecast() {
  return Json::parse(R"({"signer":"release","policy":"release-signing","as":"unix:alice",
    "machine":false,"outcome":"needs-approval","refusal":null,"bypass":false,
    "expires_at":"2026-11-22T20:10:00Z","steps":[
      {"name":"Security review","required":2,
       "approvers":[{"principal":"unix:bob","via":["unix:bob"]},
                    {"principal":"unix:carol","via":["group:security","unix-group:sec"]}],
       "left_out":[{"principal":"unix:alice","reason":"self-approval"}],
       "unknown":["unix-group:lost"],"completable":true}],
    "hours":{"spans":["Mon-Fri 08:00-18:00"],"time_zone":"Europe/Berlin","open_now":false,
             "opens_at":"2026-11-23T07:00:00Z"}})");
}

const std::vector<std::string> kAsk = {"policy",     "test", "release",  "--as", "alice",
                                       "--signings", "3",    "--window", "2h"};

TEST(PolicyTest, NamesEveryStepAndEverybodyWhoCouldApprove) {
  FakeGrantd grantd(Forecast());
  const Ran ran = RunAt(grantd, kAsk);
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, R"(Signer   release
Policy   release-signing
As       unix:alice
Outcome  it would be filed and need approval
Expires  2026-11-22T20:10:00Z (in 1d) without a decision
Hours    Mon-Fri 08:00-18:00 (Europe/Berlin), closed now, open from 2026-11-23T07:00:00Z (in 1d10h)
Step 1   Security review: 2 approvals
           unix:bob
           unix:carol through group:security; unix-group:sec
           whoever is in unix-group:lost, which nobody can list
           not unix:alice: self-approval
)");
  ASSERT_THAT(grantd.lines(), ElementsAre("POST /v1/policies/test"));
  EXPECT_EQ(grantd.calls()[0].json().dump(),
            R"({"signer":"release","signings":3,"window":{"duration":"2h"},"as":"unix:alice"})");
}

TEST(PolicyTest, ARefusalIsAnAnswerWithAnExitCodeOfItsOwn) {
  Json refused = Forecast();
  refused["outcome"] = "refused";
  refused["refusal"] = {{"code", "invalid"}, {"detail", "11 are too many"}, {"hint", "ask for 10"}};
  FakeGrantd grantd(refused);
  const Ran ran = RunAt(grantd, kAsk);
  EXPECT_EQ(ran.exit, 3);
  EXPECT_THAT(ran.out, HasSubstr("Outcome  it would be refused\n"
                                 "Why      11 are too many\n"
                                 "Hint     ask for 10\n"));
  EXPECT_EQ(ran.err, "");
}

TEST(PolicyTest, AStepThatNobodyCanCompleteIsSaid) {
  Json never = Forecast();
  never["outcome"] = "never-approved";
  never["steps"][0]["completable"] = false;
  FakeGrantd grantd(never);
  const Ran ran = RunAt(grantd, kAsk);
  EXPECT_EQ(ran.exit, 3);
  EXPECT_THAT(ran.out, HasSubstr("Security review: 2 approvals, which nobody can complete"));
}

TEST(PolicyTest, AMachineThatNeedsNoApprovalIsSaid) {
  Json bypassed = Forecast();
  bypassed["machine"] = true;
  bypassed["outcome"] = "approved-at-once";
  FakeGrantd grantd(bypassed);
  const Ran ran = RunAt(grantd, kAsk);
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.out, HasSubstr("As       unix:alice (a machine)\n"));
  EXPECT_THAT(ran.out, HasSubstr("approved at once"));
}

TEST(PolicyTest, TheCallerAndAPrincipalInFullAreSentAsTheyAre) {
  FakeGrantd grantd(Forecast());
  RunAt(grantd,
        {"policy", "test", "release", "--signings", "1", "--window", "1h", "--reason", "x"});
  EXPECT_EQ(grantd.calls()[0].json().dump(),
            R"({"signer":"release","signings":1,"window":{"duration":"1h"},"justification":"x"})");
  RunAt(grantd,
        {"policy", "test", "release", "--as", "unix:#12", "--signings", "1", "--window", "1h"});
  EXPECT_EQ(grantd.calls()[1].json()["as"], "unix:#12");
}

TEST(PolicyTest, TakesWhatARequestTakes) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("app.exe", "abc");
  FakeGrantd grantd(Forecast());
  const Ran ran = RunAt(
      grantd, {"policy", "test", "release", "--signings", "1", "--from", "2026-11-21T22:00:00Z",
               "--until", "2026-11-21T23:00:00Z", "--file", file, "--digest",
               "sha256:" + std::string(64, '0'), "--scope", "user=unix:bob", "--secret"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  const Json body = grantd.calls()[0].json();
  EXPECT_EQ(body["window"].dump(),
            R"({"from":"2026-11-21T22:00:00Z","until":"2026-11-21T23:00:00Z"})");
  EXPECT_EQ(body["files"][0]["digest"],
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(body["digests"], Json::array({"sha256:" + std::string(64, '0')}));
  EXPECT_EQ(body["scopes"], Json::array({"user=unix:bob"}));
  EXPECT_EQ(body["secret"], true);
  EXPECT_FALSE(body.contains("justification"));
}

TEST(PolicyTest, JsonAndNameAreTheAnswersOwn) {
  FakeGrantd grantd(Forecast());
  std::vector<std::string> ask = kAsk;
  ask.insert(ask.end(), {"-o", "json"});
  EXPECT_EQ(Json::parse(RunAt(grantd, ask).out), Forecast());
  ask.back() = "name";
  EXPECT_EQ(RunAt(grantd, ask).out, "needs-approval\n");
}

TEST(PolicyTest, WhatIsMissingOrWrongIsAUsageError) {
  FakeGrantd grantd(Forecast());
  EXPECT_EQ(RunAt(grantd, {"policy", "test", "release", "--signings", "1"}).exit, 2);
  EXPECT_EQ(RunAt(grantd, {"policy", "test", "release", "--signings", "0", "--window", "1h"}).exit,
            2);
  EXPECT_EQ(RunAt(grantd, {"policy", "test", "release", "--signings", "1", "--window", "1"}).exit,
            2);
  EXPECT_TRUE(grantd.calls().empty());
}

}  // namespace
}  // namespace grant::ctl
