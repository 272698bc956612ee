#include "tools/grantctl/wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

FakeAnswer Answered(const Json& object) {
  return {200, object.dump()};
}

Json AtStepTwo() {
  Json request = SampleRequest();
  request["step"] = 2;
  request["steps"][0]["complete"] = true;
  return request;
}

std::vector<std::string> CreateArguments(std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"request",  "create", "release",  "--signings",    "3",
                                        "--window", "2h",     "--reason", "Release v2.4.0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(Wait, TellsWhoStillHasToApproveUntilItIsApproved) {
  std::atomic<int> polls = 0;
  FakeGrantd grantd([&polls](const FakeCall& call) {
    if (call.method == "POST") return FakeAnswer{201, SampleRequest().dump()};
    switch (++polls) {
      case 1:
        return Answered(SampleRequest());
      case 2:
        return Answered(AtStepTwo());
      default:
        return Answered(ApprovedRequest());
    }
  });
  const Ran ran = RunAt(grantd, CreateArguments({"--wait"}));
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.err,
            "waiting for req_01JD; Ctrl-C leaves it open\n"
            "waiting for step 1 of 2, Security review: 1 of 2 approvals; can approve: "
            "unix:carol, unix:dave\n"
            "waiting for step 2 of 2, Management: 0 of 1 approvals; can approve: unix:erin\n");
  EXPECT_THAT(ran.out, HasSubstr("Status     approved\n"));
  EXPECT_EQ(grantd.lines().back(), "GET /v1/requests/req_01JD");
  EXPECT_EQ(polls, 3);
}

TEST(Wait, IsTheDefaultOnATerminalOnly) {
  FakeGrantd grantd([](const FakeCall& call) {
    return Answered(call.method == "POST" ? SampleRequest() : ApprovedRequest());
  });
  EXPECT_THAT(RunAt(grantd, CreateArguments(), {.terminal = true}).out, HasSubstr("approved"));
  EXPECT_EQ(grantd.calls().size(), 2u);
  const Ran not_waited = RunAt(grantd, CreateArguments({"--no-wait"}), {.terminal = true});
  EXPECT_EQ(not_waited.exit, 0);
  EXPECT_EQ(grantd.calls().size(), 3u);
  const Ran piped = RunAt(grantd, CreateArguments());
  EXPECT_EQ(piped.err, "to wait for it: grantctl request wait req_01JD\n");
  EXPECT_EQ(grantd.calls().size(), 4u);
}

TEST(Wait, ADecisionAgainstItIsExitThree) {
  for (const char* status : {"rejected", "cancelled", "expired"}) {
    Json request = SampleRequest();
    request["status"] = status;
    FakeGrantd grantd(request);
    const Ran ran = RunAt(grantd, {"request", "wait", "req_01JD", "-o", "name"});
    EXPECT_EQ(ran.exit, 3) << status;
    EXPECT_EQ(ran.out, "req_01JD\n");
    EXPECT_THAT(ran.err, StartsWith("grantctl: request req_01JD "));
    EXPECT_THAT(ran.err, HasSubstr(status));
  }
}

TEST(Wait, ApprovedAtOnceNeedsNoPoll) {
  FakeGrantd grantd(ApprovedRequest());
  const Ran ran = RunAt(grantd, CreateArguments({"--wait"}));
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(grantd.calls().size(), 1u);
}

TEST(Wait, StopsAtItsTimeoutAndSaysHowToGoOn) {
  std::chrono::milliseconds paused(0);
  FakeGrantd grantd(SampleRequest());
  const Ran ran = RunAt(grantd, {"request", "wait", "req_01JD", "--timeout", "5s"},
                        {.pause = [&paused](std::chrono::milliseconds span) {
                          paused += span;
                          return true;
                        }});
  EXPECT_EQ(ran.exit, 5);
  EXPECT_EQ(paused, std::chrono::seconds(5));
  EXPECT_THAT(ran.out, HasSubstr("Status     open"));
  EXPECT_THAT(ran.err, EndsWith("\nhint: it stays open; go on waiting: grantctl request wait "
                                "req_01JD\n"));
}

TEST(Wait, AnInterruptLeavesTheRequestOpen) {
  FakeGrantd grantd(SampleRequest());
  const Ran ran = RunAt(grantd, CreateArguments({"--wait", "-o", "json"}),
                        {.pause = [](std::chrono::milliseconds) { return false; }});
  EXPECT_EQ(ran.exit, 5);
  EXPECT_EQ(Json::parse(ran.out), SampleRequest());
  EXPECT_THAT(ran.err, HasSubstr("hint: it stays open; go on waiting: "));
  EXPECT_EQ(grantd.calls().size(), 1u);
}

TEST(Wait, OutlastsARestartOfGrantd) {
  std::atomic<int> polls = 0;
  FakeGrantd grantd([&polls](const FakeCall& call) {
    if (call.method == "POST") return Answered(SampleRequest());
    return ++polls <= 3 ? FakeAnswer{.hang_up = true} : Answered(ApprovedRequest());
  });
  const Ran ran = RunAt(grantd, CreateArguments({"--wait"}));
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.err, HasSubstr("; still trying\n"));
}

TEST(Wait, GivesUpOnAGrantdThatStaysAway) {
  std::atomic<int> polls = 0;
  FakeGrantd grantd([&polls](const FakeCall& call) {
    if (call.method == "POST") return Answered(SampleRequest());
    ++polls;
    return Problem(503, "unavailable", "grantd is stopping");
  });
  const Ran ran = RunAt(grantd, CreateArguments({"--wait"}));
  EXPECT_EQ(ran.exit, 6);
  EXPECT_EQ(polls, kUnreachablePollsMax + 1);
}

TEST(Wait, WithATimeoutItOutlastsAnyAbsenceWithinIt) {
  std::atomic<int> polls = 0;
  FakeGrantd grantd([&polls](const FakeCall& call) {
    if (call.method == "POST") return Answered(SampleRequest());
    return ++polls <= 2 * kUnreachablePollsMax ? Problem(504, "timeout", "too busy")
                                               : Answered(ApprovedRequest());
  });
  EXPECT_EQ(RunAt(grantd, CreateArguments({"--wait", "--timeout", "1h"})).exit, 0);
  polls = 0;
  EXPECT_EQ(RunAt(grantd, CreateArguments({"--wait", "--timeout", "1m"})).exit, 5);
}

TEST(Wait, OtherFailuresEndItAtOnce) {
  FakeGrantd grantd([](const FakeCall& call) {
    return call.method == "POST" ? Answered(SampleRequest()) : Problem(404, "not-found", "gone");
  });
  EXPECT_EQ(RunAt(grantd, CreateArguments({"--wait"})).exit, 1);
}

}  // namespace
}  // namespace grant::ctl
