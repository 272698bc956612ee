// The versions of the rules.
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::HasSubstr;

class RulesHistoryTest : public ApiTest {
 protected:
  // Three versions, an hour apart: the last two change who uses the signer.
  void SetUp() override {
    ApplyUsers("unix:alice");
    ApplyUsers("unix:alice\", \"unix:dave");
    ApplyUsers("unix:dave");
  }

  void ApplyUsers(const std::string& users) {
    now_ += std::chrono::hours(1);
    std::string document = kRulesToml;
    const size_t at = document.find("unix:alice");
    document.replace(at, 10, users);
    const Reply reply = Post("root", "/v1/rules", {{"document", document}, {"source", "r"}});
    ASSERT_EQ(reply.status, 200) << reply.text;
  }
};

constexpr const char* kSecond =
    R"(["~ signer release: users: unix:alice -> unix:alice, unix:dave"])";
constexpr const char* kThird = R"(["~ signer release: users: unix:alice, unix:dave -> unix:dave"])";

TEST_F(RulesHistoryTest, TellsWhoChangedWhatAndWhen) {
  const Reply reply = Get("root", "/v1/rules/history");
  ASSERT_EQ(reply.json["items"].size(), 3U);
  const auto newest = reply.json["items"][0];
  EXPECT_EQ(newest["version"], 3);
  EXPECT_EQ(newest["applied_by"], "unix:root");
  EXPECT_EQ(newest["applied_at"], "2026-11-21T23:00:00Z");
  EXPECT_EQ(newest["changes"].dump(), kThird);
  EXPECT_EQ(reply.json["items"][1]["changes"].dump(), kSecond);
  EXPECT_THAT(reply.json["items"][2]["changes"].dump(), HasSubstr("+ signer release"));
  EXPECT_TRUE(reply.json["next"].is_null());
}

TEST_F(RulesHistoryTest, HasPages) {
  const Reply first = Get("root", "/v1/rules/history?limit=2");
  EXPECT_EQ(first.json["items"].size(), 2U);
  const Reply second =
      Get("root", "/v1/rules/history?limit=2&cursor=" + std::string(first.json["next"]));
  ASSERT_EQ(second.json["items"].size(), 1U);
  EXPECT_EQ(second.json["items"][0]["version"], 1);
  EXPECT_TRUE(second.json["next"].is_null());
}

TEST_F(RulesHistoryTest, ShowsEachVersionAsItWas) {
  const Reply second = Get("root", "/v1/rules/2");
  EXPECT_EQ(second.json["version"], 2);
  EXPECT_EQ(second.json["applied_at"], "2026-11-21T22:00:00Z");
  EXPECT_EQ(second.json["signers"][0]["users"].dump(), R"(["unix:alice","unix:dave"])");
  EXPECT_EQ(Get("root", "/v1/rules/3").text, Get("root", "/v1/rules").text);
  EXPECT_EQ(Get("root", "/v1/rules/4").status, 404);
  for (const char* none : {"0", "-1", "x", "1x", "99999999999999999999"}) {
    EXPECT_EQ(Get("root", std::string("/v1/rules/") + none).status, 400) << none;
  }
}

TEST_F(RulesHistoryTest, ComparesAnyTwoVersions) {
  const auto diff = [&](const std::string& query) { return Get("root", "/v1/rules/diff" + query); };
  EXPECT_EQ(diff("").text, std::string(R"({"from":2,"to":3,"changes":)") + kThird + "}");
  EXPECT_EQ(diff("?from=1").json["changes"].dump(),
            R"(["~ signer release: users: unix:alice -> unix:dave"])");
  EXPECT_EQ(diff("?from=1&to=2").json["changes"].dump(), kSecond);
  EXPECT_EQ(diff("?to=2").json["changes"].dump(), kSecond);
  EXPECT_EQ(diff("?from=2&to=2").json["changes"].dump(), "[]");
  EXPECT_THAT(diff("?from=3&to=0").json["changes"].dump(), HasSubstr("- signer release"));
  EXPECT_EQ(diff("?from=9").status, 404);
}

using NoRulesTest = ApiTest;

TEST_F(NoRulesTest, HaveNoHistory) {
  EXPECT_TRUE(Get("root", "/v1/rules/history").json["items"].empty());
  EXPECT_EQ(Get("root", "/v1/rules/diff").text, R"({"from":0,"to":0,"changes":[]})");
}

TEST_F(RulesHistoryTest, ApplyingWarnsOfAuditorsThatTheRulesGiveAPart) {
  std::string document = kRulesToml;
  document.replace(document.find("unix:alice"), 10, "unix:olga");
  const Reply reply =
      Post("root", "/v1/rules", {{"document", document}, {"source", "r"}, {"dry_run", true}});
  EXPECT_EQ(reply.json["warnings"].dump(),
            R"(["signer 'release': unix:olga is an auditor, and cannot be a user"])");
}

TEST_F(RulesHistoryTest, StepsAreCountedWithTheMembersThatTheUserDatabaseLists) {
  members_of_["unix-group:few"] = {Principal::Parse("unix:bob").value()};
  std::string document = kRulesToml;
  document.replace(document.find("approvers = [\"unix:bob\"]"), 24,
                   "required = 2\napprovers = [\"unix-group:few\"]");
  const nlohmann::json body = {{"document", document}, {"source", "r.toml"}};
  const Reply refused = Post("root", "/v1/rules", body);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.json["detail"],
              HasSubstr("r.toml:11: step 1 of policy 'release-signing' requires 2 approvals, but "
                        "only 1 person can give one"));
  members_of_["unix-group:few"].push_back(Principal::Parse("unix:carol").value());
  EXPECT_EQ(Post("root", "/v1/rules", body).status, 200);
}

}  // namespace
}  // namespace grant::api
