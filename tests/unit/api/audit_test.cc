#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::ElementsAre;

class AuditTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }

  // Records a refusal, as the gate does, and returns its number.
  int64_t Refuse(const char* user, const std::string& subject,
                 std::string_view refused = event::kSignatureRefused) {
    int64_t number = 0;
    Status recorded = store_->Write([&](Tables& tables) -> Status {
      GRANT_TRY(number, tables.AppendAudit({now_, std::string(refused),
                                            Principal::Parse(user).value(), subject, "release",
                                            R"({"cause":"used-up","hint":"h","message":"m"})"}));
      return {};
    });
    EXPECT_TRUE(recorded);
    return number;
  }

  std::vector<int64_t> Numbers(const Reply& reply) {
    std::vector<int64_t> numbers;
    for (const auto& item : reply.json["items"]) numbers.push_back(item["number"]);
    return numbers;
  }
};

TEST_F(AuditTest, EntriesAreListedNewestFirstInPages) {
  FileRequest();
  FileRequest();
  Reply first = Get("root", "/v1/audit?limit=2");
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_THAT(Numbers(first), ElementsAre(3, 2));
  FileRequest();
  Reply second = Get("root", "/v1/audit?limit=2&cursor=" + std::string(first.json["next"]));
  EXPECT_THAT(Numbers(second), ElementsAre(1));
  EXPECT_TRUE(second.json["next"].is_null());
}

TEST_F(AuditTest, EntriesAreFiltered) {
  const std::string id = FileRequest();
  EXPECT_THAT(Numbers(Get("root", "/v1/audit?event=request.filed")), ElementsAre(2));
  EXPECT_THAT(Numbers(Get("root", "/v1/audit?subject=" + id)), ElementsAre(2));
  EXPECT_THAT(Numbers(Get("root", "/v1/audit?signer=release")), ElementsAre(2));
  EXPECT_THAT(Numbers(Get("root", "/v1/audit?actor=unix:root")), ElementsAre(1));
  EXPECT_EQ(Get("root", "/v1/audit?actor=root").status, 400);
  EXPECT_EQ(Get("root", "/v1/audit?cursor=x").status, 400);
}

TEST_F(AuditTest, AnEntryHasTheDocumentedKeys) {
  Reply reply = Get("root", "/v1/audit");
  EXPECT_THAT(KeysOf(reply.json["items"][0]),
              ElementsAre("number", "at", "event", "actor", "subject", "signer", "detail", "hash"));
  EXPECT_TRUE(reply.json["items"][0]["detail"].is_object());
}

TEST_F(AuditTest, VerifyingTellsThatTheChainIsIntact) {
  Reply reply = Get("root", "/v1/audit/verify");
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_THAT(KeysOf(reply.json), ElementsAre("entries", "last_hash", "intact", "fault"));
  EXPECT_EQ(reply.json["entries"], 1);
  EXPECT_EQ(reply.json["intact"], true);
  EXPECT_TRUE(reply.json["fault"].is_null());
  EXPECT_EQ(reply.json["last_hash"], Get("root", "/v1/audit").json["items"][0]["hash"]);
}

TEST_F(AuditTest, EverybodyIsToldTheirOwnRefusals) {
  const int64_t refused = Refuse("unix:alice", "grt_x");
  const int64_t pin = Refuse("unix:alice", "prod", event::kLoginRefused);
  const int64_t locked = Refuse("unix:alice", "prod", event::kLoginLocked);
  const int64_t later = Refuse("unix:alice", "grt_x");
  Refuse("unix:ci", "grt_y");
  Reply reply = Get("alice", "/v1/explain");
  EXPECT_THAT(Numbers(reply), ElementsAre(later, locked, pin, refused));
  EXPECT_EQ(reply.json["items"][0]["detail"]["cause"], "used-up");
  EXPECT_TRUE(reply.json["next"].is_null());
}

TEST_F(AuditTest, AnIdOrAnEntryNumberIsExplainedToWhomItConcerns) {
  const std::string grant = IssueGrant();
  const int64_t refused = Refuse("unix:alice", grant);
  EXPECT_EQ(Numbers(Get("alice", "/v1/explain/" + grant)).front(), refused);
  EXPECT_THAT(Numbers(Get("alice", "/v1/explain/" + std::to_string(refused))),
              ElementsAre(refused));
  EXPECT_EQ(Get("ci", "/v1/explain/" + std::to_string(refused)).status, 404);
  EXPECT_EQ(Get("ci", "/v1/explain/" + grant).status, 404);
}

}  // namespace
}  // namespace grant::api
