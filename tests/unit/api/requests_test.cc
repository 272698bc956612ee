#include "grantd/failpoint.h"
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RequestsTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }

  Reply FileWith(const std::string& key, const nlohmann::json& value) {
    nlohmann::json wish = Wish();
    wish[key] = value;
    return Post("alice", "/v1/requests", wish);
  }
};

TEST_F(RequestsTest, FilingAnswersWithTheWholeRequest) {
  Reply reply = Post("alice", "/v1/requests", Wish());
  EXPECT_EQ(reply.status, 201) << reply.text;
  EXPECT_THAT(
      KeysOf(reply.json),
      ElementsAre("id", "signer", "requester", "status", "created_at", "expires_at", "window",
                  "signings", "narrowed", "justification", "digests", "files", "scopes", "policy",
                  "step", "steps", "decisions", "comments", "closed_reason", "grant_id",
                  "usable_from", "hours", "has_secret", "existing"));
  EXPECT_EQ(reply.json["status"], "open");
  EXPECT_EQ(reply.json["requester"], "unix:alice");
  EXPECT_EQ(reply.json["step"], 1);
  EXPECT_EQ(reply.json["expires_at"], "2026-11-22T20:00:00Z");
}

TEST_F(RequestsTest, AWindowIsADurationOrTwoTimes) {
  Reply absolute = FileWith(
      "window", {{"from", "2026-11-21T22:00:00+01:00"}, {"until", "2026-11-21T23:00:00Z"}});
  EXPECT_EQ(absolute.status, 201) << absolute.text;
  EXPECT_EQ(absolute.json["window"]["from"], "2026-11-21T21:00:00Z");
  EXPECT_EQ(FileWith("window", nlohmann::json::object()).status, 400);
  EXPECT_EQ(FileWith("window", {{"from", "2026-11-21T22:00:00Z"}}).status, 400);
  EXPECT_EQ(FileWith("window", {{"duration", "2h"},
                                {"from", "2026-11-21T21:00:00Z"},
                                {"until", "2026-11-21T22:00:00Z"}})
                .status,
            400);
}

TEST_F(RequestsTest, AFaultyValueIsNamedByItsKey) {
  EXPECT_THAT(FileWith("window", {{"duration", "soon"}}).json["detail"],
              HasSubstr("'window.duration'"));
  EXPECT_THAT(FileWith("window", {{"from", "today"}, {"until", "later"}}).json["detail"],
              HasSubstr("'window.from'"));
  EXPECT_THAT(FileWith("digests", {"md5:00"}).json["detail"], HasSubstr("'digests'"));
  Reply unknown = FileWith("signing", 1);
  EXPECT_EQ(unknown.json["detail"], "unknown key 'signing'");
  EXPECT_EQ(unknown.json["hint"], "did you mean 'signings'?");
  nlohmann::json wish = Wish();
  wish.erase("justification");
  EXPECT_EQ(Post("alice", "/v1/requests", wish).json["detail"], "missing key 'justification'");
}

TEST_F(RequestsTest, SigningsAreAWholeNumberWithinBounds) {
  for (const nlohmann::json& signings : {nlohmann::json(0), nlohmann::json(-1), nlohmann::json(1.5),
                                         nlohmann::json(4294967299), nlohmann::json("3")}) {
    EXPECT_EQ(FileWith("signings", signings).status, 400) << signings;
  }
}

TEST_F(RequestsTest, OnlyUsersOfTheSignerMayFile) {
  EXPECT_EQ(Post("mallory", "/v1/requests", Wish()).json["code"], "forbidden");
}

TEST_F(RequestsTest, ApprovalStepByStepIssuesAGrant) {
  const std::string id = FileRequest();
  const std::string path = "/v1/requests/" + id + "/approve";
  EXPECT_EQ(Send("carol", "POST", path).json["code"], "forbidden");
  Reply first = Post("bob", path, {{"comment", "looks good"}});
  EXPECT_EQ(first.status, 200) << first.text;
  EXPECT_EQ(first.json["step"], 2);
  EXPECT_EQ(first.json["decisions"][0]["comment"], "looks good");
  Reply second = Send("carol", "POST", path);
  EXPECT_EQ(second.json["status"], "approved");
  EXPECT_TRUE(second.json["step"].is_null());
  EXPECT_TRUE(second.json["grant_id"].is_string());
  EXPECT_EQ(Send("bob", "POST", path).json["code"], "conflict");
}

TEST_F(RequestsTest, ABodyThatIsOptionalMayBeLeftOutOrEmpty) {
  EXPECT_EQ(Send("bob", "POST", "/v1/requests/" + FileRequest() + "/approve").status, 200);
  EXPECT_EQ(Send("bob", "POST", "/v1/requests/" + FileRequest() + "/approve", "{}").status, 200);
}

TEST_F(RequestsTest, RejectingAndCancellingEndARequest) {
  Reply rejected =
      Post("bob", "/v1/requests/" + FileRequest() + "/reject", {{"comment", "not today"}});
  EXPECT_EQ(rejected.json["status"], "rejected");
  EXPECT_EQ(rejected.json["closed_reason"], "not today");
  Reply cancelled = Send("alice", "POST", "/v1/requests/" + FileRequest() + "/cancel");
  EXPECT_EQ(cancelled.json["status"], "cancelled");
}

TEST_F(RequestsTest, CommentsAreShown) {
  Reply reply = Post("bob", "/v1/requests/" + FileRequest() + "/comment", {{"text", "why 3?"}});
  EXPECT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(reply.json["comments"][0]["author"], "unix:bob");
  EXPECT_EQ(reply.json["comments"][0]["text"], "why 3?");
}

TEST_F(RequestsTest, AUniquePrefixOfAnIdWillDo) {
  const std::string id = FileRequest();
  EXPECT_EQ(Get("alice", "/v1/requests/" + id.substr(0, 12)).json["id"], id);
  FileRequest();
  EXPECT_EQ(Get("alice", "/v1/requests/req_").json["code"], "conflict");
}

TEST_F(RequestsTest, ListsAreNewestFirstInPages) {
  std::vector<std::string> filed;
  for (int i = 0; i < 5; ++i) filed.insert(filed.begin(), FileRequest());
  std::vector<std::string> listed;
  std::string target = "/v1/requests?limit=2";
  for (;;) {
    Reply page = Get("alice", target);
    ASSERT_EQ(page.status, 200) << page.text;
    EXPECT_LE(page.json["items"].size(), 2U);
    for (const auto& item : page.json["items"]) listed.push_back(item["id"]);
    if (page.json["next"].is_null()) break;
    target = "/v1/requests?limit=2&cursor=" + std::string(page.json["next"]);
  }
  EXPECT_EQ(listed, filed);
}

TEST_F(RequestsTest, APageThatHoldsTheLastHasNoNext) {
  FileRequest();
  FileRequest();
  EXPECT_TRUE(Get("alice", "/v1/requests?limit=2").json["next"].is_null());
}

TEST_F(RequestsTest, ListsAreFilteredByStatusSignerAndRequester) {
  const std::string open = FileRequest();
  const std::string rejected = FileRequest();
  Send("bob", "POST", "/v1/requests/" + rejected + "/reject");
  auto items = [&](const std::string& query) { return Ids("/v1/requests?" + query); };
  EXPECT_THAT(items("status=open"), ElementsAre(open));
  EXPECT_THAT(items("status=rejected"), ElementsAre(rejected));
  EXPECT_THAT(items("signer=release"), ElementsAre(rejected, open));
  EXPECT_THAT(items("signer=nightly"), ElementsAre());
  EXPECT_THAT(items("requester=unix:alice"), ElementsAre(rejected, open));
  EXPECT_THAT(items("requester=unix:bob"), ElementsAre());
  Reply unknown = Get("root", "/v1/requests?status=opened");
  EXPECT_EQ(unknown.json["detail"], "unknown status 'opened'");
  EXPECT_EQ(unknown.json["hint"], "did you mean 'open'?");
}

// The clock of the test goes past the request's end when the point is reached.
Time* clock_to_advance = nullptr;
template <failpoint::Point kPoint>
void AdvanceAt(const failpoint::Reached& reached) {
  if (reached.point == kPoint) *clock_to_advance += std::chrono::hours(25);
}

class OverdueMeanwhile : public RequestsTest {
 protected:
  OverdueMeanwhile() { clock_to_advance = &now_; }
  ~OverdueMeanwhile() override { failpoint::Install(nullptr); }
};

TEST_F(OverdueMeanwhile, TheTimeOfADecisionIsThatOfItsTransaction) {
  const std::string id = Post("alice", "/v1/requests", Wish()).json["id"];
  failpoint::Install(AdvanceAt<failpoint::Point::kDecisionBefore>);
  const Reply reply = Post("bob", "/v1/requests/" + id + "/approve", nlohmann::json::object());
  EXPECT_EQ(reply.status, 409) << reply.text;
  EXPECT_THAT(reply.json["detail"], HasSubstr("is expired, not open"));
}

TEST_F(OverdueMeanwhile, ARequestIsShownAsItWasWhenItWasRead) {
  const std::string id = Post("alice", "/v1/requests", Wish()).json["id"];
  failpoint::Install(AdvanceAt<failpoint::Point::kCommitAfter>);
  const Reply reply = Post("bob", "/v1/requests/" + id + "/comment", {{"text", "what for?"}});
  EXPECT_EQ(reply.json["status"], "open") << "somebody else may have approved it since";
  EXPECT_EQ(Get("bob", "/v1/requests/" + id).json["status"], "expired");
}

}  // namespace
}  // namespace grant::api
