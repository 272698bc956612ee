#include "tools/grantctl/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

Json Named(Json request, const std::string& id) {
  request["id"] = id;
  return request;
}

// Three open requests, newest first as the API lists them.
FakeAnswer ThreeOpen(const FakeCall& call) {
  if (call.target.starts_with("/v1/requests?")) {
    return Items(Json::array({Named(SampleRequest(), "req_3"), Named(SampleRequest(), "req_2"),
                              Named(SampleRequest(), "req_1")}));
  }
  const std::string id = call.target.substr(13, 5);
  return {200, Named(call.method == "POST" ? ApprovedRequest() : SampleRequest(), id).dump()};
}

TEST(Review, WalksFromTheOldestAndDoesWhatIsAnswered) {
  FakeGrantd grantd(ThreeOpen);
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "a\nfine\nskip\nr\nwrong tag\n"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(grantd.lines(),
              ElementsAre("GET /v1/requests?awaiting=me&limit=1000", "GET /v1/requests/req_1",
                          "POST /v1/requests/req_1/approve", "GET /v1/requests/req_2",
                          "GET /v1/requests/req_3", "POST /v1/requests/req_3/reject"));
  EXPECT_EQ(grantd.calls()[2].body, R"({"comment":"fine"})");
  EXPECT_EQ(grantd.calls()[5].body, R"({"comment":"wrong tag"})");
  EXPECT_THAT(ran.out, HasSubstr("1 of 3\nRequest"));
  EXPECT_THAT(ran.out, HasSubstr("req_1 is approved: grant grt_01JD\n"));
  EXPECT_THAT(ran.err, EndsWith("1 approved, 1 rejected, 1 skipped\n"));
}

TEST(Review, AsksAgainUntilItUnderstandsAndQuitsWhenTold) {
  FakeGrantd grantd(ThreeOpen);
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "\nyes\napproved\nq\na\n"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(grantd.calls().size(), 2U);
  EXPECT_THAT(ran.err, HasSubstr("[a/r/s/q] approve, reject"));
}

TEST(Review, TheEndOfTheInputDecidesNothing) {
  for (const char* in : {"", "a", "a\n", "app"}) {
    FakeGrantd grantd(ThreeOpen);
    const Ran ran = RunAt(grantd, {"request", "review"}, {.in = in});
    EXPECT_EQ(ran.exit, 0);
    for (const std::string& line : grantd.lines()) EXPECT_THAT(line, Not(HasSubstr("POST")));
  }
}

TEST(Review, ADecisionThatIsRefusedDoesNotEndTheWalk) {
  FakeGrantd grantd([](const FakeCall& call) {
    return call.target == "/v1/requests/req_1/approve"
               ? Problem(409, "conflict", "request req_1 is rejected, not open")
               : ThreeOpen(call);
  });
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "a\n\na\n\ns\n"});
  EXPECT_EQ(ran.exit, 3);
  EXPECT_THAT(ran.err, HasSubstr("grantctl: request req_1 is rejected, not open\n"));
  EXPECT_THAT(ran.err, EndsWith("1 approved, 0 rejected, 1 skipped\n"));
}

TEST(Review, WhatChangedMeanwhileIsShownAgainAndDecidedAsItIs) {
  int comments = 0;
  FakeGrantd grantd([&comments](const FakeCall& call) -> FakeAnswer {
    const std::string tag = "\"" + std::to_string(comments) + "\"";
    if (call.target.starts_with("/v1/requests?")) {
      return Items(Json::array({Named(SampleRequest(), "req_1")}));
    }
    if (call.method == "GET") {
      FakeAnswer answer{200, Named(SampleRequest(), "req_1").dump()};
      answer.etag = tag;
      ++comments;
      return answer;
    }
    // Somebody says something after it was first shown.
    return comments == 1 || call.if_match != "\"1\""
               ? Problem(412, "stale", "request req_1 changed meanwhile")
               : ThreeOpen(call);
  });
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "a\n\na\n\n"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(grantd.lines(),
              ElementsAre("GET /v1/requests?awaiting=me&limit=1000", "GET /v1/requests/req_1",
                          "POST /v1/requests/req_1/approve", "GET /v1/requests/req_1",
                          "POST /v1/requests/req_1/approve"));
  EXPECT_EQ(grantd.calls()[2].if_match, "\"0\"");
  EXPECT_THAT(ran.err, HasSubstr("request req_1 changed meanwhile\n"));
  EXPECT_THAT(ran.err, EndsWith("1 approved, 0 rejected, 0 skipped\n"));
}

TEST(Review, WhatSomebodyElseDecidedFasterIsARefusal) {
  bool decided = false;
  FakeGrantd grantd([&decided](const FakeCall& call) -> FakeAnswer {
    if (call.target != "/v1/requests/req_1" && call.method == "GET") return ThreeOpen(call);
    if (call.method == "GET" && !decided) return ThreeOpen(call);
    if (call.method == "GET") return {200, Named(ApprovedRequest(), "req_1").dump()};
    decided = true;
    return Problem(412, "stale", "request req_1 changed meanwhile");
  });
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "r\n\nq\n"});
  EXPECT_EQ(ran.exit, 3);
  EXPECT_THAT(ran.err, HasSubstr("request req_1 is approved: grant grt_01JD\n"));
  EXPECT_THAT(ran.err, EndsWith("0 approved, 0 rejected, 0 skipped\n"));
}

TEST(Review, WhatWasDecidedMeanwhileIsPassedOver) {
  FakeGrantd grantd([](const FakeCall& call) {
    return call.target == "/v1/requests/req_1"
               ? FakeAnswer{200, Named(ApprovedRequest(), "req_1").dump()}
               : ThreeOpen(call);
  });
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "q\n"});
  EXPECT_THAT(ran.err, HasSubstr("request req_1 is approved: grant grt_01JD\n"));
  EXPECT_THAT(ran.out, HasSubstr("2 of 3\n"));
}

TEST(Review, JsonHoldsTheDecidedOnesAloneOneALine) {
  FakeGrantd grantd(ThreeOpen);
  const Ran ran = RunAt(grantd, {"request", "review", "-o", "json"}, {.in = "a\n\ns\na\n\n"});
  EXPECT_EQ(ran.out, Named(ApprovedRequest(), "req_1").dump() + "\n" +
                         Named(ApprovedRequest(), "req_3").dump() + "\n");
  EXPECT_THAT(ran.err, HasSubstr("1 of 3"));
}

TEST(Review, NothingToDecideIsSaid) {
  FakeGrantd grantd(Items(Json::array()));
  const Ran ran = RunAt(grantd, {"request", "review"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.err, "no request awaits your decision\n");
}

}  // namespace
}  // namespace grant::ctl
