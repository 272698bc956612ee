#include "tools/grantctl/request_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

TEST(RequestBlock, ShowsStepsWhoApprovedAndWhoCan) {
  EXPECT_EQ(RequestBlock(SampleRequest(), false, TestNow()),
            R"(Request    req_01JD
Status     open, expires 2026-11-22T20:00:00Z (in 23h50m)
Signer     release (policy release-signing)
Requester  unix:alice, 2026-11-21T20:00:00Z (10m ago)
Signings   3
Window     2h from approval
Reason     Release v2.4.0
Content    any
Decisions  unix:bob approved step 1 5m ago: looks good
Steps
  1  Security review: 1 of 2 approvals, being decided
     approved by  unix:bob
     can approve  unix:carol, unix:dave
  2  Management: 0 of 1 approvals
     can approve  unix:erin
)");
}

TEST(RequestBlock, NobodyCanApproveWhatIsDecided) {
  const std::string block = RequestBlock(ApprovedRequest(), false, TestNow());
  EXPECT_EQ(block.find("can approve"), std::string::npos);
  EXPECT_NE(block.find("Grant      grt_01JD\n"), std::string::npos) << block;
}

TEST(RequestBlock, OthersTextCannotPassForItsOwnLines) {
  Json request = SampleRequest();
  request["justification"] = "harmless\nStatus     approved\x1b[1A";
  request["comments"] = {
      {{"author", "unix:eve"}, {"text", "x\nGrant  grt_1"}, {"at", "2026-11-21T20:09:00Z"}}};
  request["steps"][0]["name"] = "Review\n  2  Faked";
  const std::string block = RequestBlock(request, false, TestNow());
  EXPECT_NE(block.find("\nReason     harmless\n           | Status     approved\\u001b[1A\n"),
            std::string::npos)
      << block;
  EXPECT_NE(block.find("\nComments   unix:eve 1m ago: x\\nGrant  grt_1\n"), std::string::npos)
      << block;
  EXPECT_EQ(block.find("\n  2  Faked"), std::string::npos) << block;
  EXPECT_EQ(block.find('\x1b'), std::string::npos);
}

TEST(RequestBlock, SurvivesAnObjectWithoutAnyField) {
  EXPECT_EQ(RequestBlock(Json::object(), false, TestNow()).empty(), false);
  EXPECT_EQ(WaitingText(Json::object({{"step", 7}, {"steps", Json::array()}})), "its decision");
}

TEST(RequestTable, AlignsAndTruncates) {
  Json request = SampleRequest();
  request["justification"] = "a reason that is certainly longer than forty columns";
  EXPECT_EQ(RequestTable(Json::array({request, ApprovedRequest()}), false, false, TestNow()),
            "ID        SIGNER   STATUS    SIGNINGS  REQUESTER   CREATED  REASON\n"
            "req_01JD  release  open      3         unix:alice  10m ago  "
            "a reason that is certainly longer than …\n"
            "req_01JD  release  approved  3         unix:alice  10m ago  Release v2.4.0\n");
}

TEST(RequestTable, WideShowsEverything) {
  EXPECT_EQ(RequestTable(Json::array({ApprovedRequest()}), true, false, TestNow()),
            "ID        SIGNER   STATUS    SIGNINGS  REQUESTER   CREATED  REASON          "
            "WINDOW            EXPIRES  DIGESTS  GRANT\n"
            "req_01JD  release  approved  3         unix:alice  10m ago  Release v2.4.0  "
            "2h from approval  -        -        grt_01JD\n");
}

TEST(StandingText, NamesSomeOfManyWhoCanApprove) {
  Json request = SampleRequest();
  Json& who = request["steps"][0]["can_approve"];
  for (char name = 'e'; name <= 'k'; ++name) who.push_back(std::string("unix:") + name);
  EXPECT_THAT(StandingText(request, TestNow()), testing::EndsWith("unix:i, unix:j and 1 more"));
}

TEST(StandingText, SaysHowARequestEnded) {
  EXPECT_EQ(StandingText(SampleRequest(), TestNow()),
            "is open and waits for step 1 of 2, Security review: 1 of 2 approvals; can approve: "
            "unix:carol, unix:dave");
  EXPECT_EQ(StandingText(ApprovedRequest(), TestNow()), "is approved: grant grt_01JD");
  Json request = SampleRequest();
  request["status"] = "rejected";
  request["closed_reason"] = "not today";
  request["decisions"].push_back({{"approver", "unix:carol"}, {"decision", "reject"}});
  EXPECT_EQ(StandingText(request, TestNow()), "is rejected by unix:carol: not today");
  request["status"] = "cancelled";
  request["closed_reason"] = nullptr;
  EXPECT_EQ(StandingText(request, TestNow()), "is cancelled");
  request["status"] = "expired";
  request["expires_at"] = "2026-11-21T20:09:00Z";
  EXPECT_EQ(StandingText(request, TestNow()), "expired undecided 1m ago");
}

TEST(WindowText, TellsBothKinds) {
  Json request = SampleRequest();
  EXPECT_EQ(WindowText(request), "2h from approval");
  request["window"] = {
      {"from", "2026-11-21T22:00:00Z"}, {"until", "2026-11-22T00:00:00Z"}, {"duration", nullptr}};
  EXPECT_EQ(WindowText(request), "2026-11-21T22:00:00Z until 2026-11-22T00:00:00Z");
}

TEST(RequestView, AReasonImitatesNoRow) {
  Json request = SampleRequest();
  request["justification"] = "harmless\nContent    sha256:aa (app.exe)";
  request["status"] = "rejected";
  request["closed_reason"] = "no\nGrant      grt_02";
  const std::string block = RequestBlock(request, false, TestNow());
  EXPECT_THAT(block, testing::HasSubstr("\n           | Content    sha256:aa (app.exe)\n"));
  EXPECT_THAT(block, testing::HasSubstr("\nContent    any\n"));
  EXPECT_THAT(block, testing::HasSubstr("rejected: no\\nGrant      grt_02\n"));
}

TEST(RequestView, ShowsFilesScopesAndWhatApproversLeft) {
  Json request = SampleRequest();
  request["digests"] = Json::array({"sha256:aa", "sha256:bb"});
  request["files"] = Json::parse(R"([{"name":"app.exe","digest":"sha256:bb"}])");
  request["scopes"] = Json::array({"program=/usr/bin/openssl"});
  request["narrowed"] = Json::parse(R"({"signings":2,"window":"30m"})");
  request["decisions"][0]["narrowed"] = request["narrowed"];
  const std::string block = RequestBlock(request, false, TestNow());
  for (const char* shown :
       {"sha256:aa\n", "sha256:bb (app.exe)", "program=/usr/bin/openssl", "2 of 3",
        "2h from approval, narrowed to 30m",
        "unix:bob approved step 1 5m ago, narrowed to 2 signatures, 30m: looks good"}) {
    EXPECT_THAT(block, testing::HasSubstr(shown));
  }
  EXPECT_THAT(RequestTable(Json::array({request}), false, false, TestNow()),
              testing::HasSubstr("2 of 3"));
}

TEST(RequestBlock, AMachinesRequestNeededNoApprovals) {
  Json request = ApprovedRequest();
  request["steps"][0]["approved_by"] = Json::array();
  const std::string block = RequestBlock(request, false, TestNow());
  EXPECT_NE(block.find("Security review: 0 of 2 approvals, not needed"), std::string::npos);
  EXPECT_NE(block.find("Management: 0 of 1 approvals, not needed"), std::string::npos);
}

}  // namespace
}  // namespace grant::ctl
