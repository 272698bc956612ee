#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json Steps() {
  return Json::parse(R"([
    {"version":3,"applied_by":"unix:root","applied_at":"2026-11-21T20:00:00Z",
     "changes":["+ signer nightly","~ group security: members: unix:bob -> unix:carol"]},
    {"version":2,"applied_by":"unix:dave","applied_at":"2026-11-20T20:10:00Z",
     "changes":["- signer old"]}])");
}

TEST(RulesHistory, TellsWhoAndWhen) {
  FakeGrantd grantd(Items(Steps()));
  EXPECT_EQ(RunAt(grantd, {"rules", "history"}).out,
            "VERSION  APPLIED  BY         CHANGES\n"
            "3        10m ago  unix:root  2\n"
            "2        1d ago   unix:dave  1\n");
  EXPECT_THAT(RunAt(grantd, {"rules", "history", "-o", "wide"}).out,
              HasSubstr("2026-11-20T20:10:00Z  unix:dave  - signer old\n"));
  EXPECT_EQ(RunAt(grantd, {"rules", "history", "-o", "name"}).out, "3\n2\n");
  EXPECT_EQ(grantd.lines().front(), "GET /v1/rules/history?limit=100");
}

TEST(RulesShow, TakesAnEarlierVersion) {
  FakeGrantd grantd(Json::parse(R"({"version":2,"applied_by":"unix:dave",
    "applied_at":"2026-11-20T20:10:00Z","groups":[],"policies":[],"signers":[]})"));
  EXPECT_THAT(RunAt(grantd, {"rules", "show", "2"}).out, HasSubstr("Version  2\n"));
  RunAt(grantd, {"rules", "show"});
  EXPECT_THAT(grantd.lines(), ElementsAre("GET /v1/rules/2", "GET /v1/rules"));
}

TEST(RulesDiff, ShowsTheDifferenceAndSaysBetweenWhich) {
  FakeGrantd grantd(
      Json::parse(R"({"from":2,"to":3,"changes":["+ signer nightly","- signer old"]})"));
  const Ran ran = RunAt(grantd, {"rules", "diff"});
  EXPECT_EQ(ran.out, "+ signer nightly\n- signer old\n");
  EXPECT_EQ(ran.err, "from version 2 to version 3\n");
  RunAt(grantd, {"rules", "diff", "1"});
  RunAt(grantd, {"rules", "diff", "1", "2"});
  EXPECT_THAT(grantd.lines(), ElementsAre("GET /v1/rules/diff", "GET /v1/rules/diff?from=1",
                                          "GET /v1/rules/diff?from=1&to=2"));
}

TEST(RulesDiff, SaysWhereThereIsNone) {
  FakeGrantd grantd(Json::parse(R"({"from":2,"to":2,"changes":[]})"));
  const Ran ran = RunAt(grantd, {"rules", "diff", "2", "2"});
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "no difference from version 2 to version 2\n");
  EXPECT_EQ(RunAt(grantd, {"rules", "diff", "x"}).exit, 2);
}

}  // namespace
}  // namespace grant::ctl
