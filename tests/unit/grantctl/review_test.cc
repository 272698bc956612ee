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
  EXPECT_THAT(ran.err, HasSubstr("[a/l/r/s/q] approve, less"));
}

TEST(Review, TheEndOfTheInputDecidesNothing) {
  for (const char* in : {"", "a", "a\n", "app", "l\n", "l\n2\n", "l\n2\n1h\n"}) {
    FakeGrantd grantd(ThreeOpen);
    const Ran ran = RunAt(grantd, {"request", "review"}, {.in = in});
    EXPECT_EQ(ran.exit, 0);
    for (const std::string& line : grantd.lines()) EXPECT_THAT(line, Not(HasSubstr("POST")));
  }
}

FakeAnswer OneOpen(const FakeCall& call, const Json& request) {
  if (call.target.starts_with("/v1/requests?")) return Items(Json::array({request}));
  return {200, call.method == "POST" ? ApprovedRequest().dump() : request.dump()};
}

TEST(Review, LessCanBeApprovedThanWasAskedFor) {
  FakeGrantd grantd([](const FakeCall& call) { return OneOpen(call, SampleRequest()); });
  const Ran ran =
      RunAt(grantd, {"request", "review"}, {.in = "l\n4\n0\n2\n3h\nlong\n30m\nenough\n"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("signatures, at most 3 (empty: 3):"));
  EXPECT_THAT(ran.err, HasSubstr("'4' is not a number from 1 to 3"));
  EXPECT_THAT(ran.err, HasSubstr("window, at most 2h (empty: all of it):"));
  EXPECT_THAT(ran.err, HasSubstr("that is longer than 2h"));
  EXPECT_THAT(ran.err, HasSubstr("'long' is not a duration"));
  EXPECT_EQ(grantd.calls().back().body, R"({"signings":2,"window":"30m","comment":"enough"})");
}

TEST(Review, LessThatTakesNothingAwayIsAskedAgain) {
  FakeGrantd grantd([](const FakeCall& call) { return OneOpen(call, SampleRequest()); });
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "l\n\n\nq\n"});
  EXPECT_EQ(grantd.calls().size(), 2U) << "nothing is decided";
  EXPECT_THAT(ran.err, HasSubstr("that takes nothing away"));
}

TEST(Review, WhatOthersLeftIsTheMostThatCanBeLeft) {
  Json request = SampleRequest();
  request["narrowed"] = {{"signings", 2}, {"window", "1h"}};
  FakeGrantd grantd([&](const FakeCall& call) { return OneOpen(call, request); });
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "l\n3\n\n2h\n45m\n\n"});
  EXPECT_THAT(ran.err, HasSubstr("at most 2 (empty: 2)"));
  EXPECT_THAT(ran.err, HasSubstr("at most 1h"));
  EXPECT_EQ(grantd.calls().back().body, R"({"window":"45m"})");
}

TEST(Review, ShowsAllThatAReviewerHasToKnow) {
  Json request = SampleRequest();
  request["digests"] = {"sha256:aa"};
  request["files"] = Json::array({{{"name", "app.exe"}, {"digest", "sha256:aa"}}});
  request["narrowed"] = {{"signings", 2}, {"window", nullptr}};
  request["comments"] = Json::array(
      {{{"author", "unix:carol"}, {"text", "which branch?"}, {"at", "2026-11-21T20:06:00Z"}}});
  request["hours"] = {{"spans", {"Mon-Fri 08:00-18:00"}},
                      {"time_zone", "Europe/Berlin"},
                      {"open_now", false},
                      {"opens_at", "2026-11-23T07:00:00Z"}};
  FakeGrantd grantd([&](const FakeCall& call) { return OneOpen(call, request); });
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "q\n"});
  for (const char* part :
       {"sha256:aa (app.exe)", "2 of 3", "unix:carol 4m ago: which branch?",
        "unix:carol, unix:dave",
        "Mon-Fri 08:00-18:00 (Europe/Berlin), closed now, open from 2026-11-23T07:00:00Z"}) {
    EXPECT_THAT(ran.out, HasSubstr(part));
  }
}

// A request that becomes `later` after it has been seen once; what is decided on before is stale.
class Changing {
 public:
  explicit Changing(Json later) : later_(std::move(later)) {}
  FakeAnswer operator()(const FakeCall& call) {
    if (call.target.starts_with("/v1/requests?")) return OneOpen(call, SampleRequest());
    if (call.method == "POST") return Problem(412, "stale", "request req_01JD changed meanwhile");
    return {200, seen_++ == 0 ? SampleRequest().dump() : later_.dump()};
  }

 private:
  int seen_ = 0;
  Json later_;
};

TEST(Review, NothingIsApprovedThatTheReviewerHasNotSeen) {
  Json later = SampleRequest();
  later["comments"] =
      Json::array({{{"author", "unix:alice"}, {"text", "wait!"}, {"at", "2026-11-21T20:09:00Z"}}});
  FakeGrantd grantd{Changing(later)};
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "a\nfine\ns\n"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("request req_01JD changed meanwhile"));
  EXPECT_THAT(ran.out, HasSubstr("wait!"));
  EXPECT_THAT(ran.err, EndsWith("0 approved, 0 rejected, 1 skipped\n"));
}

TEST(Review, WhatIsDecidedWhileTheReviewerReadsIsNotDecidedAgain) {
  FakeGrantd grantd{Changing(ApprovedRequest())};
  const Ran ran = RunAt(grantd, {"request", "review"}, {.in = "a\nfine\n"});
  EXPECT_EQ(ran.exit, 3);
  EXPECT_THAT(ran.err, HasSubstr("request req_01JD is approved"));
  EXPECT_THAT(ran.err, EndsWith("0 approved, 0 rejected, 0 skipped\n"));
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
