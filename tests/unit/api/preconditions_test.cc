// ETag and If-Match: what was looked at is what is decided on, or nothing is.
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class PreconditionsTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }

  Reply SendIf(const std::string& etag, const std::string& user, const std::string& target,
               const nlohmann::json& body = nlohmann::json::object()) {
    if_match_ = etag;
    Reply reply = Post(user, target, body);
    if_match_.reset();
    return reply;
  }

  static void ExpectStale(const Reply& reply, const std::string& hint) {
    EXPECT_EQ(reply.status, 412) << reply.text;
    EXPECT_EQ(reply.json["code"], "stale");
    EXPECT_THAT(reply.json["detail"], HasSubstr("changed meanwhile"));
    EXPECT_THAT(reply.json["hint"], HasSubstr(hint));
  }

  std::string EtagOf(const std::string& path) { return Get("root", path).etag; }
};

TEST_F(PreconditionsTest, TagsAreStrongAndTheSameForEverybodyUntilSomethingChanges) {
  const std::string path = "/v1/requests/" + FileRequest();
  const std::string tag = EtagOf(path);
  EXPECT_THAT(tag, MatchesRegex("\"[0-9a-f]+\""));
  EXPECT_EQ(Get("alice", path).etag, tag);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(EtagOf(path), tag);
  Post("alice", path + "/comment", {{"text", "please"}});
  EXPECT_NE(EtagOf(path), tag);
}

TEST_F(PreconditionsTest, WhatWasSeenIsApproved) {
  const std::string path = "/v1/requests/" + FileRequest();
  EXPECT_EQ(SendIf(Get("bob", path).etag, "bob", path + "/approve").status, 200);
  EXPECT_EQ(SendIf("\"x\", " + EtagOf(path), "carol", path + "/approve").json["status"],
            "approved");
}

TEST_F(PreconditionsTest, TermsThatAnotherApprovalNarrowedAreLookedAtAgain) {
  const std::string path = "/v1/requests/" + FileRequest();
  const std::string seen = Get("carol", path).etag;
  ASSERT_EQ(Post("bob", path + "/approve", {{"signings", 1}}).status, 200);
  for (const char* verb : {"/approve", "/reject"}) {
    ExpectStale(SendIf(seen, "carol", path + verb), "grantctl request show req_");
  }
  ExpectStale(SendIf(seen, "alice", path + "/cancel"), "grantctl request show req_");
  EXPECT_EQ(Get("root", path).json["status"], "open");
  EXPECT_EQ(Get("root", path).json["decisions"].size(), 1U);
  EXPECT_EQ(SendIf(EtagOf(path), "carol", path + "/approve").json["status"], "approved");
}

TEST_F(PreconditionsTest, ARequestThatExpiredMeanwhileIsNoLongerWhatItWas) {
  const std::string path = "/v1/requests/" + FileRequest();
  const std::string seen = EtagOf(path);
  now_ += std::chrono::hours(24);
  ExpectStale(SendIf(seen, "bob", path + "/approve"), "");
}

TEST_F(PreconditionsTest, AStrangerLearnsNothingFromATag) {
  const std::string path = "/v1/requests/" + FileRequest();
  EXPECT_EQ(SendIf(EtagOf(path), "mallory", path + "/approve").status, 404);
  EXPECT_EQ(SendIf("\"x\"", "mallory", path + "/approve").status, 404);
  EXPECT_EQ(SendIf("\"x\"", "olga", path + "/approve").status, 403);
}

TEST_F(PreconditionsTest, AGrantThatWasUsedIsNoLongerWhatItWas) {
  for (const char* verb : {"/revoke", "/release"}) {
    const std::string id = IssueGrant();
    const std::string path = "/v1/grants/" + id;
    const std::string seen = Get("alice", path).etag;
    ASSERT_TRUE(store_->Write([&](Tables& tables) -> Status {
      GRANT_TRY(const bool spent, tables.SpendUse(id, now_));
      EXPECT_TRUE(spent);
      return {};
    }));
    ExpectStale(SendIf(seen, "alice", path + verb, {{"reason", "x"}}), "grantctl grant show grt_");
    EXPECT_EQ(Get("alice", path).json["status"], "active");
    EXPECT_EQ(SendIf(EtagOf(path), "alice", path + verb, {{"reason", "x"}}).status, 200);
  }
}

TEST_F(PreconditionsTest, RulesThatChangedMeanwhileAreNotReplaced) {
  const std::string seen = EtagOf("/v1/rules");
  const nlohmann::json other = {{"document", ""}, {"source", "r"}};
  const nlohmann::json trial = {{"document", ""}, {"source", "r"}, {"dry_run", true}};
  EXPECT_EQ(SendIf(seen, "root", "/v1/rules", trial).status, 200);
  EXPECT_EQ(SendIf(seen, "root", "/v1/rules", other).json["applied"], true);
  ExpectStale(SendIf(seen, "root", "/v1/rules", {{"document", kRulesToml}, {"source", "r"}}),
              "run grantctl apply again");
  ExpectStale(SendIf(seen, "root", "/v1/rules", trial), "run grantctl apply again");
  EXPECT_EQ(Get("root", "/v1/rules").json["version"], 2);
  EXPECT_EQ(SendIf("*", "root", "/v1/rules", other).status, 200);
}

TEST_F(PreconditionsTest, WhereNoneIsHeededItIsRefused) {
  const std::string id = FileRequest();
  EXPECT_EQ(SendIf("*", "alice", "/v1/requests", Wish()).status, 400);
  const Reply reply = SendIf("*", "alice", "/v1/requests/" + id + "/comment", {{"text", "x"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.json["detail"], HasSubstr("takes no If-Match"));
  if_match_ = "*";
  EXPECT_EQ(Get("alice", "/v1/requests/" + id).status, 400);
}

TEST_F(PreconditionsTest, AFieldThatIsNoTagIsRefused) {
  const std::string path = "/v1/requests/" + FileRequest();
  EXPECT_EQ(SendIf("abc", "bob", path + "/approve").status, 400);
  EXPECT_EQ(SendIf("", "bob", path + "/approve").status, 400);
  EXPECT_EQ(Get("root", path).json["status"], "open");
}

}  // namespace
}  // namespace grant::api
