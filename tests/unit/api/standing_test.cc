#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

class StandingTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }
};

TEST_F(StandingTest, WhoamiTellsWhatTheCallerMayDo) {
  EXPECT_EQ(
      Get("alice", "/v1/whoami").text,
      R"({"principal":"unix:alice","groups":["unix-group:alice"],"admin":false,"auditor":false,)"
      R"("signers":["release"],"approves":[]})");
  EXPECT_EQ(Get("carol", "/v1/whoami").json["approves"].dump(), R"(["release-signing"])");
  EXPECT_EQ(Get("root", "/v1/whoami").json["admin"], true);
}

TEST_F(StandingTest, HealthTellsWhichTokensAreThere) {
  EXPECT_EQ(Get("mallory", "/v1/health").text, R"({"status":"ok","version":")" GRANT_VERSION
                                               R"(","tokens":[{"name":"prod","present":true}]})");
  tokens_.push_back({"spare", false});
  EXPECT_EQ(Get("mallory", "/v1/health").json["status"], "degraded");
}

TEST_F(StandingTest, SignersAndPoliciesAreShownToWhomTheyConcern) {
  EXPECT_EQ(Get("alice", "/v1/signers").text,
            R"({"items":[{"name":"release","key":"pkcs11:token=prod;object=release-key",)"
            R"("policy":"release-signing","users":["unix:alice"],"requesters":[],)"
            R"("mechanisms":["SHA256-RSA-PKCS"],"certificate":false}],"next":null})");
  EXPECT_EQ(Get("bob", "/v1/signers").json["items"].size(), 1U);
  EXPECT_EQ(Get("bob", "/v1/policies").json["items"].size(), 1U);
  EXPECT_EQ(Get("ci", "/v1/policies").json["items"].size(), 0U);
  EXPECT_EQ(Get("root", "/v1/signers").json["items"].size(), 2U);
}

TEST_F(StandingTest, OneSignerOrPolicyByName) {
  EXPECT_EQ(Get("alice", "/v1/signers/release").json["name"], "release");
  EXPECT_EQ(Get("alice", "/v1/policies/release-signing").json["max_window"], "8h");
  EXPECT_EQ(Get("alice", "/v1/signers/nightly").status, 404);
  EXPECT_EQ(Get("ci", "/v1/policies/release-signing").status, 404);
}

TEST_F(StandingTest, ListsOfNamesHavePagesToo) {
  Reply first = Get("root", "/v1/signers?limit=1");
  EXPECT_EQ(first.json["items"].size(), 1U);
  const std::string next = first.json["next"];
  Reply second = Get("root", "/v1/signers?limit=1&cursor=" + next);
  EXPECT_EQ(second.json["items"].size(), 1U);
  EXPECT_TRUE(second.json["next"].is_null());
  EXPECT_NE(first.json["items"], second.json["items"]);
  EXPECT_EQ(Get("root", "/v1/signers?cursor=nothing").status, 400);
}

TEST_F(StandingTest, AnybodyMayAskWhetherGrantdLivesAndIsReady) {
  EXPECT_EQ(Get("mallory", "/v1/ready").text, R"({"ready":true})");
  not_ready_ = {"token prod is absent", "the alarm clock-wrong stands"};
  const Reply refused = Get("mallory", "/v1/ready");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.json["detail"],
            "not ready: token prod is absent; the alarm clock-wrong stands");
  EXPECT_EQ(Get("mallory", "/v1/health").status, 200) << "what is not ready may well be alive";
  stalled_ = true;
  EXPECT_EQ(Get("mallory", "/v1/health").status, 503);
}

TEST_F(StandingTest, ABackupIsOfWhoAsksForIt) {
  EXPECT_EQ(Send("olga", "POST", "/v1/backups").status, 403) << "auditors cause nothing";
  EXPECT_EQ(backed_up_by_, "");
  const Reply reply = Send("root", "POST", "/v1/backups");
  EXPECT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(backed_up_by_, "unix:root");
  EXPECT_EQ(reply.json["path"], "/backups/b.db");
  EXPECT_EQ(reply.json["entries"], 3);
  backup_fails_ = true;
  EXPECT_EQ(Send("root", "POST", "/v1/backups").status, 503);
}

}  // namespace
}  // namespace grant::api
