// Approvals under the hours of a policy, and those of people who have become auditors.
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ApprovalTest : public ApiTest {
 protected:
  // Bob and Carol are needed both, and signatures are made on working days.
  void SetUp() override {
    std::string document = kRulesToml;
    const std::string bound = "max_signings = 10\n";
    document.replace(document.find(bound), bound.size(),
                     bound + "hours = [\"Mon-Fri 08:00-18:00\"]\ntime_zone = \"Europe/Berlin\"\n");
    document.replace(document.find("24h"), 3, "72h");
    ASSERT_EQ(Post("root", "/v1/rules", {{"document", document}, {"source", "r"}}).status, 200);
  }

  Reply Approve(const std::string& user, const std::string& id,
                const nlohmann::json& body = nlohmann::json::object()) {
    return Post(user, "/v1/requests/" + id + "/approve", body);
  }
};

TEST_F(ApprovalTest, NoGrantIsIssuedThatCouldNeverBeUsed) {
  const std::string id = FileRequest();
  const Reply filed = Get("alice", "/v1/requests/" + id);
  EXPECT_EQ(filed.json["hours"]["open_now"], false);
  EXPECT_EQ(filed.json["hours"]["opens_at"], "2026-11-23T07:00:00Z");
  ASSERT_EQ(Approve("bob", id).status, 200);
  const size_t entries = AuditEntries();
  const Reply early = Approve("carol", id);
  EXPECT_EQ(early.status, 409);
  EXPECT_THAT(early.json["detail"], HasSubstr("can never be used"));
  EXPECT_EQ(early.json["hint"], "approve it from 2026-11-23T07:00:00Z on, when the hours begin");
  EXPECT_EQ(AuditEntries(), entries);
  EXPECT_TRUE(Get("root", "/v1/grants").json["items"].empty());
  EXPECT_EQ(Get("alice", "/v1/requests/" + id).json["status"], "open");

  now_ = ParseTime("2026-11-23T06:30:00Z").value();
  EXPECT_EQ(Approve("carol", id, {{"window", "30m"}}).status, 409);
  const Reply approved = Approve("carol", id);
  EXPECT_EQ(approved.status, 200) << approved.text;
  EXPECT_EQ(approved.json["usable_from"], "2026-11-23T07:00:00Z");
  EXPECT_EQ(approved.json["hours"], nullptr);
  now_ = ParseTime("2026-11-23T07:00:00Z").value();
  EXPECT_EQ(Get("alice", "/v1/requests/" + id).json["usable_from"], nullptr);
}

TEST_F(ApprovalTest, ApprovalsOfThoseWhoBecameAuditorsDoNotCount) {
  now_ = ParseTime("2026-11-23T07:00:00Z").value();
  const std::string id = FileRequest();
  ASSERT_EQ(Approve("bob", id).json["step"], 2);
  groups_of_["unix:bob"] = {Principal::Parse("unix-group:audit").value()};
  const Reply shown = Get("alice", "/v1/requests/" + id);
  EXPECT_EQ(shown.json["step"], 1);
  EXPECT_TRUE(shown.json["steps"][0]["approved_by"].empty());
  EXPECT_EQ(Approve("carol", id).status, 403) << "it is at the first step again";
  EXPECT_TRUE(Get("root", "/v1/grants").json["items"].empty());
}

TEST_F(ApprovalTest, AuditorsAreNotNamedAmongThoseWhoCanApprove) {
  std::string document = kRulesToml;
  const std::string name = "approvers = [\"unix:bob\"]";
  document.replace(document.find(name), name.size(), "approvers = [\"unix:olga\", \"unix:bob\"]");
  ASSERT_EQ(Post("root", "/v1/rules", {{"document", document}, {"source", "r"}}).status, 200);
  const Reply filed = Get("alice", "/v1/requests/" + FileRequest());
  EXPECT_EQ(filed.json["steps"][0]["approvers"].dump(), R"(["unix:bob"])");
}

TEST_F(ApprovalTest, AStepThatOnlyAuditorsCouldCompleteIsRefusedAtApply) {
  std::string document = kRulesToml;
  const std::string name = "approvers = [\"unix:bob\"]";
  document.replace(document.find(name), name.size(), "approvers = [\"unix:olga\"]");
  const Reply reply = Post("root", "/v1/rules", {{"document", document}, {"source", "r"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.json["detail"], HasSubstr("requires 1 approval, but only 0 people"));
}

}  // namespace
}  // namespace grant::api
