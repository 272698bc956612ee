// What a policy would make of a request.
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PoliciesTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }

  Reply Test(const std::string& user, const nlohmann::json& more = nlohmann::json::object()) {
    nlohmann::json question = {
        {"signer", "release"}, {"signings", 3}, {"window", {{"duration", "2h"}}}};
    question.update(more);
    return Post(user, "/v1/policies/test", question);
  }
};

TEST_F(PoliciesTest, AQuestionIsAnsweredInFullAndChangesNothing) {
  const size_t entries = AuditEntries();
  const Reply reply = Test("alice");
  EXPECT_EQ(
      reply.text,
      R"({"signer":"release","policy":"release-signing","as":"unix:alice","machine":false,)"
      R"("outcome":"needs-approval","refusal":null,"bypass":false,)"
      R"("expires_at":"2026-11-22T20:00:00Z","steps":[)"
      R"({"name":"Review","required":1,"approvers":[{"principal":"unix:bob","via":["unix:bob"]}],)"
      R"("left_out":[],"unknown":[],"completable":true},)"
      R"({"name":"Security","required":1,)"
      R"("approvers":[{"principal":"unix:carol","via":["group:security"]}],)"
      R"("left_out":[],"unknown":[],"completable":true}],"hours":null})");
  EXPECT_EQ(AuditEntries(), entries);
  EXPECT_TRUE(Get("root", "/v1/requests").json["items"].empty());
}

TEST_F(PoliciesTest, ARefusalIsAnAnswerWithItsHint) {
  const Reply reply = Test("alice", {{"signings", 11}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.json["outcome"], "refused");
  EXPECT_EQ(reply.json["refusal"]["code"], "invalid");
  EXPECT_EQ(reply.json["refusal"]["hint"], "ask for --signings 1 to 10");
}

TEST_F(PoliciesTest, OnlyThoseWhoSeeEverythingAskAboutOthers) {
  for (const char* user : {"root", "olga"}) {
    const Reply reply = Test(user, {{"as", "unix:alice"}});
    EXPECT_EQ(reply.json["as"], "unix:alice") << user;
    EXPECT_EQ(reply.json["outcome"], "needs-approval") << user;
  }
  EXPECT_EQ(Test("root", {{"as", "unix:mallory"}}).json["outcome"], "refused");
  EXPECT_EQ(Test("alice", {{"as", "unix:alice"}}).status, 200);
  EXPECT_EQ(Test("alice", {{"as", "unix:bob"}}).status, 403);
  EXPECT_EQ(Test("bob", {{"as", "unix:alice"}}).status, 403);
}

TEST_F(PoliciesTest, TheGroupsOfSomebodyElseComeFromTheUserDatabase) {
  groups_of_["unix:frank"] = {Principal::Parse("unix-group:release").value()};
  std::string document = kRulesToml;
  document.replace(document.find("\"unix:alice\""), 12, "\"unix-group:release\"");
  ASSERT_EQ(Post("root", "/v1/rules", {{"document", document}, {"source", "r"}}).status, 200);
  EXPECT_EQ(Test("root", {{"as", "unix:frank"}}).json["outcome"], "needs-approval");
  EXPECT_EQ(Test("root", {{"as", "unix:alice"}}).json["outcome"], "refused");
}

TEST_F(PoliciesTest, AsksAboutAllThatARequestCanAskFor) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(Test("alice", {{"digests", {digest}},
                           {"files", {{{"name", "app.exe"}, {"digest", digest}}}},
                           {"scopes", {"user=unix:alice"}}})
                .json["outcome"],
            "needs-approval");
  EXPECT_EQ(Test("alice", {{"window",
                            {{"from", "2026-11-21T21:00:00Z"}, {"until", "2026-11-21T22:00:00Z"}}}})
                .json["expires_at"],
            "2026-11-21T22:00:00Z");
  const Reply elsewhere = Test("alice", {{"scopes", {"user=unix:bob"}}});
  EXPECT_EQ(elsewhere.json["outcome"], "refused");
  EXPECT_THAT(elsewhere.json["refusal"]["detail"], HasSubstr("leave out unix:alice"));
  EXPECT_EQ(Test("alice", {{"scopes", {"user=unix:bob"}}, {"secret", true}}).json["outcome"],
            "needs-approval");
  EXPECT_EQ(Test("alice", {{"digests", {"md5:00"}}}).status, 400);
  EXPECT_EQ(Test("alice", {{"new", true}}).status, 400);
}

TEST_F(PoliciesTest, AStrangerLearnsNothingOfASigner) {
  EXPECT_EQ(Test("mallory").status, 404);
  EXPECT_EQ(Test("mallory").json["detail"], "there is no signer 'release' that you may see");
  EXPECT_THAT(Test("root", {{"signer", "lost"}}).json["detail"], HasSubstr("no signer 'lost'"));
}

TEST_F(PoliciesTest, AGroupFilesNoRequests) {
  for (const char* group : {"unix-group:release", "group:security"}) {
    const Reply reply = Test("root", {{"as", group}});
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.json["detail"], HasSubstr("is a group"));
  }
}

TEST_F(PoliciesTest, HoursAreToldWithTheirNextOpening) {
  std::string document = kRulesToml;
  const std::string bound = "max_signings = 10\n";
  document.replace(document.find(bound), bound.size(),
                   bound +
                       "hours = [\"Mon-Fri 08:00-18:00\"]\ntime_zone = \"Europe/Berlin\"\n"
                       "min_justification = 12\n");
  document.replace(document.find("24h"), 3, "48h");
  ASSERT_EQ(Post("root", "/v1/rules", {{"document", document}, {"source", "r"}}).status, 200);
  const Reply reply = Test("alice");
  EXPECT_EQ(reply.json["hours"].dump(),
            R"({"spans":["Mon-Fri 08:00-18:00"],"time_zone":"Europe/Berlin","open_now":false,)"
            R"("opens_at":"2026-11-23T07:00:00Z"})");
  EXPECT_EQ(Test("alice", {{"justification", "too short"}}).json["outcome"], "refused");
  const auto policy = Get("alice", "/v1/policies/release-signing").json;
  EXPECT_EQ(policy["hours"].dump(), R"(["Mon-Fri 08:00-18:00"])");
  EXPECT_EQ(policy["time_zone"], "Europe/Berlin");
  EXPECT_EQ(policy["min_justification"], 12);
}

}  // namespace
}  // namespace grant::api
