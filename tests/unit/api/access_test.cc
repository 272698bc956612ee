// Every route times every role.
#include <array>
#include <map>

#include "grantd/api/routes.h"
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

// The auditor olga is named wherever the rules can name her, which must not matter.
constexpr const char* kRoles = R"(
[[policy]]
name = "release-signing"
max_window = "8h"
max_signings = 10
requesters = ["unix:alice", "unix:olga"]
[[policy.step]]
name = "Review"
approvers = ["unix:bob", "unix:olga"]

[[signer]]
name = "release"
key = "pkcs11:token=prod;object=release-key"
policy = "release-signing"
users = ["unix:alice", "unix:uma", "unix:olga"]
)";

// An administrator, an auditor, a user of the signer who is no requester, a requester, an approver,
// and somebody who has to do with nothing.
constexpr std::array kPeople{"root", "olga", "uma", "alice", "bob", "mallory"};
using Statuses = std::array<int, kPeople.size()>;

constexpr Statuses kAll{200, 200, 200, 200, 200, 200};
constexpr Statuses kOverseers{200, 200, 403, 403, 403, 403};
constexpr Statuses kConcerned{200, 200, 200, 200, 200, 404};  // by the rules
constexpr Statuses kInvolved{200, 200, 404, 200, 200, 404};   // in alice's request

const std::map<std::string, Statuses>& Expected() {
  static const auto& expected = *new std::map<std::string, Statuses>{
      {"GET /v1/whoami", kAll},
      {"GET /v1/health", kAll},
      {"GET /v1/ready", kAll},
      {"GET /v1/doctor", kOverseers},
      {"GET /v1/metrics", kOverseers},
      {"GET /v1/rules", kOverseers},
      {"POST /v1/rules", {200, 403, 403, 403, 403, 403}},
      {"GET /v1/rules/history", kOverseers},
      {"GET /v1/rules/diff", kOverseers},
      {"GET /v1/rules/{version}", kOverseers},
      {"GET /v1/signers", kAll},
      {"GET /v1/signers/{name}", kConcerned},
      {"GET /v1/signers/{name}/check", {404, 404, 403, 403, 403, 403}},
      {"GET /v1/signers/{name}/certificate", kConcerned},
      {"POST /v1/signers/{name}/certificate", {400, 403, 403, 403, 403, 403}},
      {"POST /v1/keys", {404, 403, 403, 403, 403, 403}},
      {"POST /v1/keys/csr", {404, 403, 403, 403, 403, 403}},
      {"GET /v1/policies", kAll},
      {"GET /v1/policies/{name}", kConcerned},
      {"POST /v1/policies/test", kConcerned},
      {"GET /v1/requests", kAll},
      {"POST /v1/requests", {403, 403, 403, 201, 403, 403}},
      {"GET /v1/requests/{id}", kInvolved},
      {"POST /v1/requests/{id}/approve", {403, 403, 404, 403, 200, 404}},
      {"POST /v1/requests/{id}/reject", {403, 403, 404, 403, 200, 404}},
      {"POST /v1/requests/{id}/cancel", {200, 403, 404, 200, 403, 404}},
      {"POST /v1/requests/{id}/comment", {200, 403, 404, 200, 200, 404}},
      {"GET /v1/grants", kAll},
      {"GET /v1/grants/{id}", kInvolved},
      {"POST /v1/grants/{id}/revoke", {200, 403, 404, 200, 200, 404}},
      {"POST /v1/grants/{id}/release", {403, 403, 404, 200, 403, 404}},
      {"GET /v1/audit", kOverseers},
      {"GET /v1/audit/verify", kOverseers},
      {"POST /v1/audit/acknowledge", {200, 403, 403, 403, 403, 403}},
      {"POST /v1/backups", {200, 403, 403, 403, 403, 403}},
      {"GET /v1/seal", kOverseers},
      {"POST /v1/seal", {200, 403, 403, 403, 403, 403}},
      {"POST /v1/unseal", {200, 403, 403, 403, 403, 403}},
      {"POST /v1/tokens/{name}/pin", {404, 403, 403, 403, 403, 403}},
      {"GET /v1/explain", kAll},
      {"GET /v1/explain/{id}", kInvolved}};
  return expected;
}

nlohmann::json BodyOf(const std::string& route) {
  const nlohmann::json wish = {{"signer", "release"},
                               {"signings", 1},
                               {"window", {{"duration", "1h"}}},
                               {"justification", "Release"}};
  if (route == "POST /v1/rules") {
    return {{"document", kRoles}, {"source", "rules.toml"}, {"dry_run", true}};
  }
  if (route == "POST /v1/requests") return wish;
  if (route == "POST /v1/policies/test") return wish;
  if (route == "POST /v1/keys") {
    return {{"token", "prod"}, {"label", "new-key"}, {"type", "ec:p256"}};
  }
  if (route == "POST /v1/keys/csr") {
    return {{"token", "prod"}, {"label", "release-key"}, {"subject", "CN=Release"}};
  }
  if (route.ends_with("/certificate")) return {{"certificate", "x"}};
  if (route.ends_with("/comment")) return {{"text", "x"}};
  if (route.ends_with("/acknowledge") || route == "POST /v1/seal") return {{"reason", "x"}};
  if (route.ends_with("/revoke")) return {{"reason", "x"}};
  return nlohmann::json::object();
}

class AccessTest : public ApiTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(Post("root", "/v1/rules", {{"document", kRoles}, {"source", "r"}}).status, 200);
  }

  // What the variable of a route stands for: an open request of alice, a grant of hers, or a name.
  std::string Concrete(const Route& route) {
    std::string path(route.path);
    const size_t open = path.find('{');
    if (open == std::string::npos) return path;
    std::string value = "1";
    if (path.find("{id}") != std::string::npos) {
      value = FileRequest();
      if (path.starts_with("/v1/grants/")) {
        value = Send("bob", "POST", "/v1/requests/" + value + "/approve").json["grant_id"];
      }
    } else if (path.find("{name}") != std::string::npos) {
      value = path.starts_with("/v1/signers/") ? "release" : "release-signing";
    }
    return path.replace(open, path.find('}') - open + 1, value);
  }

  // So that the next request is a new one.
  void CancelOpenRequests() {
    for (const std::string& id : Ids("/v1/requests?status=open")) {
      ASSERT_EQ(Send("root", "POST", "/v1/requests/" + id + "/cancel").status, 200);
    }
  }
};

TEST_F(AccessTest, EveryRouteAnswersEveryRoleAsTheTableSays) {
  for (const Route& route : Routes()) {
    const std::string name = std::string(route.method) + " " + std::string(route.path);
    const auto expected = Expected().find(name);
    ASSERT_NE(expected, Expected().end()) << name << " is not in the table of this test";
    for (size_t role = 0; role < kPeople.size(); ++role) {
      const std::string path = Concrete(route);
      const std::string body = route.method == "GET" ? std::string() : BodyOf(name).dump();
      const size_t entries = AuditEntries();
      const Reply reply =
          Send(kPeople.at(role), std::string(route.method), path, body,
               route.body == BodyUse::kSecret ? "application/octet-stream" : "application/json");
      EXPECT_EQ(reply.status, expected->second.at(role))
          << name << " by " << kPeople.at(role) << ": " << reply.text;
      if (reply.status >= 400) {
        EXPECT_EQ(AuditEntries(), entries) << name << " by " << kPeople.at(role);
        EXPECT_FALSE(reply.json["detail"].get<std::string>().empty()) << name;
      }
      CancelOpenRequests();
    }
  }
}

TEST_F(AccessTest, TheTableOfThisTestHasNoRouteThatIsGone) {
  EXPECT_EQ(Expected().size(), Routes().size());
}

TEST_F(AccessTest, WhateverChangesSomethingIsClosedToAuditors) {
  for (const Route& route : Routes()) {
    const bool reads = route.method == "GET" || route.path == "/v1/policies/test";
    const bool closed = route.access == Access::kParticipant || route.access == Access::kAdmin;
    EXPECT_EQ(closed, !reads) << route.path;
  }
}

TEST_F(AccessTest, ListsShowWhatConcernsTheRole) {
  const std::string id = FileRequest();
  Send("bob", "POST", "/v1/requests/" + id + "/approve");
  const std::map<std::string, size_t> seen{{"root", 1},  {"olga", 1}, {"uma", 0},
                                           {"alice", 1}, {"bob", 1},  {"mallory", 0}};
  for (const auto& [user, count] : seen) {
    EXPECT_EQ(Get(user, "/v1/requests").json["items"].size(), count) << user;
    EXPECT_EQ(Get(user, "/v1/grants").json["items"].size(), count) << user;
    EXPECT_EQ(Get(user, "/v1/signers").json["items"].size(), user == "mallory" ? 0U : 1U) << user;
  }
}

TEST_F(AccessTest, WhoamiTellsAnAuditorOfNothingToDo) {
  const Reply reply = Get("olga", "/v1/whoami");
  EXPECT_EQ(reply.json["auditor"], true);
  EXPECT_EQ(reply.json["admin"], false);
  EXPECT_TRUE(reply.json["signers"].empty());
  EXPECT_TRUE(reply.json["approves"].empty());
  EXPECT_EQ(Get("uma", "/v1/whoami").json["signers"].size(), 0U);
  EXPECT_EQ(Get("alice", "/v1/whoami").json["signers"].size(), 1U);
}

TEST_F(AccessTest, WhoeverIsBothAdministratorAndAuditorIsAnAuditor) {
  // In the group of auditors by the system's user database, and an administrator by name.
  Identity both{Principal::Parse("unix:root").value(),
                {Principal::Parse("unix-group:audit").value()}};
  EXPECT_TRUE(workflow_->IsAuditor(both));
  EXPECT_FALSE(workflow_->IsAdmin(both));
  EXPECT_EQ(workflow_->RequireAdmin(both).error().code, Code::kForbidden);
  EXPECT_TRUE(workflow_->RequireOverseer(both));
}

TEST_F(AccessTest, TheWorkflowItselfRefusesAuditors) {
  const std::string request = FileRequest();
  const std::string held =
      Send("bob", "POST", "/v1/requests/" + request + "/approve").json["grant_id"];
  const std::string open = FileRequest();
  const Identity olga{Principal::Parse("unix:olga").value(), {}};
  grant::Wish wish;
  wish.signer = "release";
  wish.signings = 1;
  wish.window.duration = std::chrono::hours(1);
  wish.justification = "x";
  const auto refused = [](const auto& result) {
    return !result && result.error().code == Code::kForbidden &&
           result.error().message.find("auditor") != std::string::npos;
  };
  EXPECT_TRUE(refused(workflow_->File(olga, wish)));
  EXPECT_TRUE(refused(workflow_->Approve(olga, open, "")));
  EXPECT_TRUE(refused(workflow_->Reject(olga, open, "")));
  EXPECT_TRUE(refused(workflow_->Cancel(olga, open, "")));
  EXPECT_TRUE(refused(workflow_->AddComment(olga, open, "x")));
  EXPECT_TRUE(refused(workflow_->Revoke(olga, held, "x")));
  EXPECT_TRUE(refused(workflow_->Release(olga, held, "x")));
  EXPECT_EQ(workflow_->ApplyRules(olga, {}, true).error().code, Code::kForbidden);
}

}  // namespace
}  // namespace grant::api
