// Machine identities.
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Document(bool bypass, const std::string& more = {}) {
  return std::string(R"([[user]]
name = "unix:ci"
kind = "machine"

[[policy]]
name = "nightly-signing"
max_window = "8h"
max_signings = 10
bypass_machine_identities = )") +
         (bypass ? "true\n" : "false\n") + more + R"(
[[policy.step]]
name = "Review"
approvers = ["unix:bob", "unix-group:reviewers"]
required = 2

[[signer]]
name = "nightly"
key = "pkcs11:token=prod;object=nightly-key"
policy = "nightly-signing"
users = ["unix:ci", "unix:alice"]
)";
}

class MachinesTest : public ApiTest {
 protected:
  void Apply(const std::string& document) {
    const Reply reply = Post("root", "/v1/rules", {{"document", document}, {"source", "r"}});
    ASSERT_EQ(reply.status, 200) << reply.text;
  }
  Reply File(const std::string& user, const nlohmann::json& more = nlohmann::json::object()) {
    nlohmann::json wish = Wish();
    wish["signer"] = "nightly";
    wish.update(more);
    return Post(user, "/v1/requests", wish);
  }
  std::vector<std::string> Events() {
    std::vector<std::string> events;
    const Reply audit = Get("root", "/v1/audit");
    for (const auto& entry : audit.json["items"]) {
      events.insert(events.begin(), entry["event"]);
    }
    return events;
  }
};

TEST_F(MachinesTest, WithTheBypassARequestIsApprovedAsItIsFiled) {
  Apply(Document(true));
  const Reply filed = File("ci");
  ASSERT_EQ(filed.status, 201) << filed.text;
  EXPECT_EQ(filed.json["status"], "approved");
  EXPECT_TRUE(filed.json["step"].is_null());
  EXPECT_EQ(filed.json["steps"][0]["complete"], true);
  EXPECT_TRUE(filed.json["steps"][0]["approved_by"].empty());
  ASSERT_EQ(filed.json["decisions"].size(), 1U);
  EXPECT_EQ(filed.json["decisions"][0]["approver"], "grantd:self");
  EXPECT_EQ(filed.json["decisions"][0]["comment"],
            "bypass_machine_identities of policy 'nightly-signing'");

  const Reply held = Get("ci", "/v1/grants/" + filed.json["grant_id"].get<std::string>());
  EXPECT_EQ(held.json["holder"], "unix:ci");
  EXPECT_EQ(held.json["status"], "active");
  EXPECT_EQ(held.json["request_id"], filed.json["id"]);
  EXPECT_EQ(held.json["max_signings"], 3);
  EXPECT_EQ(held.json["not_before"], "2026-11-21T20:00:00Z");
  EXPECT_EQ(held.json["not_after"], "2026-11-21T22:00:00Z");

  EXPECT_THAT(Events(),
              ElementsAre("rules.applied", "request.filed", "request.approved", "grant.issued"));
  const Reply audit = Get("root", "/v1/audit");
  const auto& entries = audit.json["items"];
  EXPECT_EQ(entries[2]["actor"], "unix:ci");
  EXPECT_EQ(entries[1]["actor"], "grantd:self");
  EXPECT_EQ(entries[1]["detail"]["bypass_machine_identities"], "nightly-signing");
  EXPECT_EQ(entries[1]["detail"]["grant"], filed.json["grant_id"]);
  // It is kept like any other.
  EXPECT_EQ(Get("ci", "/v1/requests/" + filed.json["id"].get<std::string>()).json["status"],
            "approved");
}

TEST_F(MachinesTest, TheBypassKeepsToTheBoundsAndLeavesNothingWhereItRefuses) {
  Apply(Document(true));
  EXPECT_EQ(File("ci", {{"signings", 11}}).status, 400);
  EXPECT_EQ(File("ci", {{"window", {{"duration", "9h"}}}}).status, 400);
  EXPECT_THAT(Events(), ElementsAre("rules.applied"));
  EXPECT_TRUE(Get("root", "/v1/requests").json["items"].empty());
  EXPECT_TRUE(Get("root", "/v1/grants").json["items"].empty());
}

TEST_F(MachinesTest, TheBypassKeepsToTheHours) {
  // The clock says Saturday 21:00 in Berlin.
  Apply(Document(true, "hours = [\"Mon-Fri 08:00-18:00\"]\ntime_zone = \"Europe/Berlin\"\n"));
  const Reply refused = File("ci");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.json["detail"], HasSubstr("wholly outside the hours"));
  EXPECT_EQ(File("ci", {{"window",
                         {{"from", "2026-11-23T06:00:00Z"}, {"until", "2026-11-23T10:00:00Z"}}}})
                .json["status"],
            "approved");
}

TEST_F(MachinesTest, PeopleNeedApprovalAllTheSame) {
  Apply(Document(true));
  EXPECT_EQ(File("alice").json["status"], "open");
}

TEST_F(MachinesTest, WithoutTheBypassAMachineAsksLikeAnybody) {
  Apply(Document(false));
  const Reply filed = File("ci");
  EXPECT_EQ(filed.json["status"], "open");
  EXPECT_TRUE(filed.json["decisions"].empty());
  EXPECT_EQ(
      Send("ci", "POST", "/v1/requests/" + filed.json["id"].get<std::string>() + "/cancel").status,
      200);
}

TEST_F(MachinesTest, TheBypassGivesASecretWhereOneIsWanted) {
  Apply(Document(true));
  const Reply filed = File("ci", {{"secret", true}});
  EXPECT_THAT(filed.json["secret"], testing::StartsWith("gsec_"));
  EXPECT_EQ(Get("ci", "/v1/grants/" + filed.json["grant_id"].get<std::string>()).json["has_secret"],
            true);
}

TEST_F(MachinesTest, AMachineApprovesNothing) {
  Apply(Document(false));
  const std::string id = File("alice").json["id"];
  Identity machine{Principal::Parse("unix:ci").value(),
                   {Principal::Parse("unix-group:reviewers").value()}};
  // It has no part in the request, so it does not see it.
  EXPECT_EQ(workflow_->Approve(machine, id, "").error().code, Code::kNotFound);
  // Neither in one of its own.
  const std::string own = File("ci").json["id"];
  const auto approved = workflow_->Approve(machine, own, "");
  ASSERT_FALSE(approved);
  EXPECT_EQ(approved.error().code, Code::kForbidden);
  EXPECT_THAT(approved.error().message, HasSubstr("machines approve nothing"));
}

TEST_F(MachinesTest, AMachineAsApproverIsRefusedWithItsLine) {
  std::string document = Document(false);
  document.replace(document.find("\"unix:bob\""), 10, "\"unix:ci\"");
  const Reply reply = Post("root", "/v1/rules", {{"document", document}, {"source", "r.toml"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.json["detail"], HasSubstr("r.toml:11: step 1 of policy 'nightly-signing' "
                                              "names the machine unix:ci as an approver"));
}

}  // namespace
}  // namespace grant::api
