// What is left of the API while an alarm stands.
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

class AlarmsTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }
  void Raise(Cause cause = Cause::kDatabaseRestored) {
    alarms_ = {{cause, "an older copy", "grantctl audit acknowledge --reason '...'", {}}};
  }
};

TEST_F(AlarmsTest, NoApprovalIssuesAGrant) {
  const std::string path = "/v1/requests/" + FileRequest() + "/approve";
  EXPECT_EQ(Send("bob", "POST", path).status, 200);
  Raise();
  const Reply refused = Send("carol", "POST", path);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.json["detail"], "no grant is issued: an older copy");
  EXPECT_EQ(refused.json["hint"], "grantctl audit acknowledge --reason '...'");
  EXPECT_TRUE(Ids("/v1/grants").empty());
  alarms_.clear();
  EXPECT_EQ(Send("carol", "POST", path).status, 200);
  EXPECT_EQ(Ids("/v1/grants").size(), 1U);
}

TEST_F(AlarmsTest, NoMachineIsGrantedAtOnce) {
  std::string rules = kRulesToml;
  rules.insert(rules.find("[[policy.step]]"), "bypass_machine_identities = true\n");
  rules += "[[user]]\nname = \"unix:alice\"\nkind = \"machine\"\n";
  ASSERT_EQ(Post("root", "/v1/rules", {{"document", rules}, {"source", "r"}}).status, 200);
  Raise();
  EXPECT_EQ(Post("alice", "/v1/requests", Wish()).status, 503);
  EXPECT_TRUE(Ids("/v1/requests").empty());
  alarms_.clear();
  EXPECT_EQ(Post("alice", "/v1/requests", Wish()).json["status"], "approved");
}

TEST_F(AlarmsTest, NothingExpires) {
  FileRequest();
  now_ += std::chrono::hours(24 * 365);
  Raise(Cause::kClockWrong);
  EXPECT_EQ(workflow_->ExpireOverdue().value(), 0U);
  alarms_.clear();
  EXPECT_EQ(workflow_->ExpireOverdue().value(), 1U);
}

TEST_F(AlarmsTest, ReadingRejectingAndRevokingGoOn) {
  const std::string held = IssueGrant();
  const std::string open = FileRequest();
  Raise();
  EXPECT_EQ(Get("alice", "/v1/grants/" + held).status, 200);
  EXPECT_EQ(Send("bob", "POST", "/v1/requests/" + open + "/reject").status, 200);
  EXPECT_EQ(Post("bob", "/v1/grants/" + held + "/revoke", {{"reason", "x"}}).status, 200);
}

TEST_F(AlarmsTest, HealthDoctorAndVerifyTellOfThem) {
  EXPECT_EQ(Get("mallory", "/v1/health").json["status"], "ok");
  EXPECT_EQ(Get("root", "/v1/audit/verify").json["intact"], true);
  Raise();
  EXPECT_EQ(Get("mallory", "/v1/health").json["status"], "degraded");
  EXPECT_EQ(Get("olga", "/v1/doctor").json["alarms"],
            nlohmann::ordered_json::parse(R"([{"name":"database-restored","message":"an older copy",
              "hint":"grantctl audit acknowledge --reason '...'"}])"));
  EXPECT_EQ(Get("root", "/v1/audit/verify").json["fault"], "an older copy");
}

TEST_F(AlarmsTest, VerifyKnowsWhereTheAuditHasBeen) {
  const auto verified = Get("root", "/v1/audit/verify").json;
  mark_ = AuditHead{verified["entries"], verified["last_hash"]};
  EXPECT_EQ(Get("root", "/v1/audit/verify").json["intact"], true);
  mark_->number += 2;
  EXPECT_THAT(Get("root", "/v1/audit/verify").json["fault"].get<std::string>(),
              testing::HasSubstr("older copy"));
}

TEST_F(AlarmsTest, AcknowledgingAnOlderDatabaseEndsAllThatItKnowsAsUnended) {
  const std::string held = IssueGrant();
  const std::string revoked = IssueGrant();
  ASSERT_EQ(Post("bob", "/v1/grants/" + revoked + "/revoke", {{"reason", "x"}}).status, 200);
  const std::string open = FileRequest();
  const std::string rejected = FileRequest();
  ASSERT_EQ(Send("bob", "POST", "/v1/requests/" + rejected + "/reject").status, 200);
  Raise();
  ASSERT_EQ(Post("root", "/v1/audit/acknowledge", {{"reason", "restored"}}).status, 200);
  alarms_.clear();
  const auto grant = Get("root", "/v1/grants/" + held).json;
  EXPECT_EQ(grant["status"], "revoked");
  EXPECT_THAT(grant["revoke_reason"].get<std::string>(), testing::HasSubstr("older copy"));
  EXPECT_EQ(Get("root", "/v1/grants/" + revoked).json["revoke_reason"], "x");
  EXPECT_EQ(Get("root", "/v1/requests/" + open).json["status"], "cancelled");
  EXPECT_EQ(Get("root", "/v1/requests/" + rejected).json["status"], "rejected");
  EXPECT_EQ(Ids("/v1/grants?status=active").size(), 0U);
  EXPECT_EQ(Ids("/v1/requests?status=open").size(), 0U);
  EXPECT_EQ(Get("root", "/v1/audit/verify").json["intact"], true);
}

TEST_F(AlarmsTest, AGrantThatHadEndedStaysWhatItWas) {
  const std::string expired = IssueGrant();
  now_ += std::chrono::hours(48);
  ASSERT_TRUE(store_->Write([&](Tables& tables) -> Status {
    const Principal machine = Principal::Parse("unix:ci").value();
    GRANT_TRY(const int64_t entry, tables.AppendAudit({now_, std::string(event::kSignatureSpent),
                                                       machine, "nightly", "nightly", "{}"}));
    return tables.InsertUse(
        {entry, "", "nightly", machine, now_, "ECDSA", "", "", UseOutcome::kSigned});
  }));
  Raise();
  ASSERT_EQ(Post("root", "/v1/audit/acknowledge", {{"reason", "restored"}}).status, 200);
  EXPECT_EQ(Get("root", "/v1/grants/" + expired).json["status"], "expired");
}

TEST_F(AlarmsTest, AcknowledgingNeedsAReason) {
  EXPECT_EQ(Post("root", "/v1/audit/acknowledge", {{"reason", ""}}).status, 400);
  EXPECT_EQ(Post("root", "/v1/audit/acknowledge", {{"reason", std::string(4097, 'x')}}).status,
            400);
  EXPECT_EQ(acknowledged_, "");
  EXPECT_EQ(Post("root", "/v1/audit/acknowledge", {{"reason", "restored"}}).status, 200);
  EXPECT_EQ(acknowledged_, "unix:root: restored");
}

}  // namespace
}  // namespace grant::api
