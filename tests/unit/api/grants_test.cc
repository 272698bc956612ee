#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::ElementsAre;

class GrantsTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }

  // Counts one use of a grant, as the gate does.
  void Sign(const std::string& grant) {
    Status spent = store_->Write([&](Tables& tables) -> Status {
      GRANT_TRY(const bool counted, tables.SpendUse(grant, now_));
      if (!counted) return Fail(Code::kConflict, "not spent");
      const Principal alice = Principal::Parse("unix:alice").value();
      GRANT_TRY(const int64_t entry, tables.AppendAudit({now_, std::string(event::kSignatureSpent),
                                                         alice, grant, "release", "{}"}));
      return tables.InsertUse({entry, grant, "release", alice, now_, "SHA256-RSA-PKCS", "sha256:00",
                               "/usr/bin/openssl", UseOutcome::kSigned});
    });
    ASSERT_TRUE(spent) << spent.error().message;
  }
};

TEST_F(GrantsTest, OneGrantIsShownWithItsUses) {
  const std::string id = IssueGrant();
  Sign(id);
  Reply reply = Get("alice", "/v1/grants/" + id);
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_THAT(
      KeysOf(reply.json),
      ElementsAre("id", "request_id", "signer", "holder", "status", "not_before", "not_after",
                  "max_signings", "used", "digests", "scopes", "revoked_by", "revoked_at",
                  "revoke_reason", "released_at", "has_secret", "files", "uses"));
  EXPECT_EQ(reply.json["used"], 1);
  EXPECT_EQ(reply.json["uses"][0]["program"], "/usr/bin/openssl");
  EXPECT_EQ(reply.json["uses"][0]["outcome"], "signed");
}

TEST_F(GrantsTest, ListsShowNoUses) {
  Sign(IssueGrant());
  Reply reply = Get("alice", "/v1/grants");
  ASSERT_EQ(reply.json["items"].size(), 1U);
  EXPECT_FALSE(reply.json["items"][0].contains("uses"));
}

TEST_F(GrantsTest, ListsAreFilteredByStatusSignerAndHolder) {
  const std::string active = IssueGrant();
  const std::string revoked = IssueGrant();
  Post("alice", "/v1/grants/" + revoked + "/revoke", {{"reason", "done"}});
  auto items = [&](const std::string& query) { return Ids("/v1/grants?" + query); };
  EXPECT_THAT(items("status=active"), ElementsAre(active));
  EXPECT_THAT(items("status=revoked"), ElementsAre(revoked));
  EXPECT_THAT(items("signer=release&holder=unix:alice"), ElementsAre(revoked, active));
  EXPECT_THAT(items("holder=unix:bob"), ElementsAre());
  EXPECT_THAT(items("limit=1"), ElementsAre(revoked));
  EXPECT_EQ(Get("root", "/v1/grants?status=used").json["code"], "invalid");
}

TEST_F(GrantsTest, ListsAreFilteredByWhenTheyWereIssued) {
  const std::string old = IssueGrant();
  now_ += std::chrono::hours(1);
  const std::string recent = IssueGrant();
  EXPECT_THAT(Ids("/v1/grants?since=2026-11-21T20:30:00Z"), ElementsAre(recent));
  EXPECT_THAT(Ids("/v1/grants?since=2026-11-21T21:00:00Z"), ElementsAre(recent));
  EXPECT_THAT(Ids("/v1/grants?since=2026-11-21T20:00:00Z"), ElementsAre(recent, old));
  EXPECT_THAT(Ids("/v1/grants?since=2026-11-21T21:00:01Z"), ElementsAre());
  EXPECT_EQ(Get("root", "/v1/grants?since=yesterday").json["code"], "invalid");
}

TEST_F(GrantsTest, TheHolderAloneReleasesTheRest) {
  const std::string id = IssueGrant();
  Sign(id);
  for (const char* other : {"bob", "root"}) {
    EXPECT_EQ(Send(other, "POST", "/v1/grants/" + id + "/release").json["code"], "forbidden");
  }
  EXPECT_EQ(Send("mallory", "POST", "/v1/grants/" + id + "/release").json["code"], "not-found");
  Reply released = Post("alice", "/v1/grants/" + id + "/release", {{"reason", "done"}});
  ASSERT_EQ(released.status, 200) << released.text;
  EXPECT_EQ(released.json["status"], "released");
  EXPECT_EQ(released.json["released_at"], "2026-11-21T20:00:00Z");
  EXPECT_TRUE(released.json["revoked_by"].is_null());
  EXPECT_EQ(released.json["uses"].size(), 1U);
  EXPECT_THAT(Ids("/v1/grants?status=released"), ElementsAre(id));
  EXPECT_THAT(Ids("/v1/grants?status=revoked"), ElementsAre());
  EXPECT_EQ(Send("alice", "POST", "/v1/grants/" + id + "/release").json["code"], "conflict");
  Reply audit = Get("root", "/v1/audit?event=grant.released");
  ASSERT_EQ(audit.json["items"].size(), 1U);
  EXPECT_EQ(audit.json["items"][0]["detail"]["reason"], "done");
}

TEST_F(GrantsTest, RevokingNeedsAReasonAndHappensOnce) {
  const std::string path = "/v1/grants/" + IssueGrant() + "/revoke";
  EXPECT_EQ(Send("alice", "POST", path).status, 400);
  EXPECT_EQ(Send("alice", "POST", path, "{}").json["detail"], "missing key 'reason'");
  Reply reply = Post("bob", path, {{"reason", "leaked"}});
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(reply.json["status"], "revoked");
  EXPECT_EQ(reply.json["revoked_by"], "unix:bob");
  EXPECT_EQ(reply.json["revoke_reason"], "leaked");
  EXPECT_EQ(Post("bob", path, {{"reason", "again"}}).json["code"], "conflict");
}

TEST_F(GrantsTest, TheStatusFollowsTheClock) {
  const std::string id = IssueGrant();
  EXPECT_EQ(Get("alice", "/v1/grants/" + id).json["status"], "active");
  now_ += std::chrono::hours(2);
  EXPECT_EQ(Get("alice", "/v1/grants/" + id).json["status"], "expired");
}

}  // namespace
}  // namespace grant::api
