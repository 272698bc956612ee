#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

FakeAnswer Ok(const Json& object) {
  return {200, object.dump()};
}

// A grantd that holds one request and one grant.
class RunCommand : public testing::Test {
 protected:
  RunCommand()
      : grantd_([this](const FakeCall& call) {
          const std::lock_guard lock(mutex_);
          return Answer(call);
        }) {}

  FakeAnswer Answer(const FakeCall& call) {
    const std::string line = call.method + " " + call.target;
    if (line == away_at_ && away_calls_ > 0) {
      --away_calls_;
      return {.hang_up = true};
    }
    if (line == "POST /v1/requests") return Ok(request_);
    if (line == "POST /v1/requests/req_01JD/cancel") return Cancel();
    if (line == "GET /v1/requests/req_01JD") return Ok(decided_.is_null() ? request_ : decided_);
    if (line == "GET /v1/grants/grt_01JD") return Ok(grant_);
    if (line == "POST /v1/grants/grt_01JD/release") {
      grant_["status"] = "released";
      return Ok(grant_);
    }
    if (line == "GET /v1/whoami") return Ok({{"principal", "unix:alice"}});
    if (call.target.starts_with("/v1/grants?")) {
      return Items(grants_.empty() ? Json::array({grant_}) : grants_);
    }
    return Problem(404, "not-found", line);
  }

  FakeAnswer Cancel() {
    if (!decided_.is_null()) return Problem(409, "conflict", "is approved, not open");
    Json cancelled = request_;
    cancelled["status"] = "cancelled";
    return Ok(cancelled);
  }

  Ran Go(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"run",      "release", "--signings", "3",
                                          "--window", "1h",      "--reason",   "Release"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"--", "sign", "-x", "--", "--signings", "[a,b]", "[ x ]"});
    return RunAt(grantd_, arguments,
                 {.pause =
                      [this](std::chrono::milliseconds limit) {
                        longest_pause_ = std::max(longest_pause_, limit);
                        const std::lock_guard lock(mutex_);
                        if (settles_ && limit.count() > 0) grant_["uses"][0]["outcome"] = "signed";
                        return pauses_++ < pauses_max_;
                      },
                  .run =
                      [this](const std::vector<std::string>& command,
                             const std::map<std::string, std::string>& variables) {
                        ran_ = command;
                        variables_ = variables;
                        return code_;
                      }});
  }

  static std::string Line(const std::string& verb, const std::string& path) {
    return verb + " /v1/" + path;
  }

  std::chrono::milliseconds longest_pause_{0};
  bool settles_ = false;  // a use that is pending, with time
  std::mutex mutex_;
  Json request_ = ApprovedRequest();
  Json decided_;  // what the request has become meanwhile
  Json grant_ = SampleGrant();
  Json grants_;          // as the list has them, where there are others
  std::string away_at_;  // this call is not answered,
  int away_calls_ = 0;   // so often
  int pauses_ = 0;
  int pauses_max_ = 1000;
  Outcome<int> code_ = 0;
  std::vector<std::string> ran_;
  std::map<std::string, std::string> variables_;
  FakeGrantd grantd_;
};

TEST_F(RunCommand, RunsUnderTheGrantAndGivesUpTheRest) {
  grant_["uses"] = Json::parse(R"([{"mechanism":"ECDSA","digest":"sha256:aa","program":"/bin/sign",
                                    "outcome":"signed"}])");
  grant_["files"] = Json::parse(R"([{"name":"app.exe","digest":"sha256:aa"}])");
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran_, ElementsAre("sign", "-x", "--", "--signings", "[a,b]", "[ x ]"));
  EXPECT_EQ(variables_.at("GRANTD_GRANT"), "grt_01JD");
  EXPECT_EQ(ran.err,
            "grant grt_01JD: 1 of 3 signatures used, the rest given up\n"
            "  signed: ECDSA of app.exe by /bin/sign\n");
  EXPECT_THAT(grantd_.lines(),
              ElementsAre("POST /v1/requests", "GET /v1/grants/grt_01JD",
                          "POST /v1/grants/grt_01JD/release", "GET /v1/grants/grt_01JD"));
}

TEST_F(RunCommand, PassesOnTheCommandsExitCodeAndReleasesAllTheSame) {
  code_ = 42;
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 42);
  EXPECT_THAT(ran.err, HasSubstr("the rest given up"));
}

TEST_F(RunCommand, TellsWhatCameOfAUseAndNotThatItIsPending) {
  grant_["uses"] = Json::parse(R"([{"mechanism":"ECDSA","digest":"sha256:aa","program":"/bin/sign",
                                    "outcome":"pending"}])");
  settles_ = true;
  EXPECT_THAT(Go().err, HasSubstr("  signed: ECDSA of sha256:aa by /bin/sign\n"));
}

TEST_F(RunCommand, SaysSoWhereTheOutcomeStaysPending) {
  grant_["uses"] = Json::parse(R"([{"mechanism":"ECDSA","digest":"sha256:aa","program":"/bin/sign",
                                    "outcome":"pending"}])");
  EXPECT_THAT(Go().err, HasSubstr("  pending: ECDSA"));
}

TEST_F(RunCommand, WaitsForTheHoursInWhichTheGrantCanBeUsed) {
  request_["usable_from"] = "2026-11-21T20:40:00Z";
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(longest_pause_, std::chrono::minutes(30));
  EXPECT_THAT(ran.err, HasSubstr("is usable from 2026-11-21T20:40:00Z (in 30m); waiting\n"));
  EXPECT_FALSE(ran_.empty());
}

TEST_F(RunCommand, AnInterruptionBeforeTheHoursBeginGivesTheGrantUp) {
  request_["usable_from"] = "2026-11-21T20:40:00Z";
  pauses_max_ = 1;
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 5);
  EXPECT_TRUE(ran_.empty());
  EXPECT_THAT(ran.err, HasSubstr("the rest given up"));
}

TEST_F(RunCommand, ReleasesWhereTheCommandCannotBeRun) {
  code_ = Failed(static_cast<Exit>(127), "cannot run sign: No such file or directory");
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 127);
  EXPECT_THAT(ran.err, HasSubstr("the rest given up"));
  EXPECT_THAT(ran.err, HasSubstr("grantctl: cannot run sign"));
}

TEST_F(RunCommand, AGrantThatIsUsedUpHasNothingToGiveUp) {
  grant_["used"] = 3;
  grant_["status"] = "exhausted";
  const Ran ran = Go();
  EXPECT_THAT(ran.err, HasSubstr("grant grt_01JD: 3 of 3 signatures used\n"));
  EXPECT_THAT(grantd_.lines(), Not(testing::Contains("POST /v1/grants/grt_01JD/release")));
}

TEST_F(RunCommand, ARejectedRequestRunsNothing) {
  request_["status"] = "rejected";
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 3);
  EXPECT_TRUE(ran_.empty());
  EXPECT_THAT(ran.err, HasSubstr("so the command was not run\nhint: "));
}

TEST_F(RunCommand, AnInterruptionWhileWaitingTakesTheRequestBack) {
  request_ = SampleRequest();
  pauses_max_ = 2;
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 5);
  EXPECT_TRUE(ran_.empty());
  EXPECT_EQ(grantd_.lines().back(), "POST /v1/requests/req_01JD/cancel");
  EXPECT_THAT(ran.err, HasSubstr("waiting for req_01JD; Ctrl-C takes it back\n"));
  EXPECT_THAT(ran.err, HasSubstr("interrupted before request req_01JD was decided, so it was taken "
                                 "back and the command was not run\nhint: run it again"));
}

TEST_F(RunCommand, ATimeoutTakesTheRequestBackAndSaysSo) {
  request_ = SampleRequest();
  const Ran ran = Go({"--timeout", "4s"});
  EXPECT_EQ(ran.exit, 5);
  EXPECT_EQ(grantd_.lines().back(), "POST /v1/requests/req_01JD/cancel");
  EXPECT_THAT(ran.err, HasSubstr("request req_01JD was not decided in 4s, so it was taken back"));
  EXPECT_THAT(ran.err, HasSubstr("hint: give it a longer --timeout"));
}

TEST_F(RunCommand, AnApprovalThatOvertookTheInterruptionIsGivenUp) {
  request_ = SampleRequest();
  pauses_max_ = 1;
  decided_ = ApprovedRequest();
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 5);
  EXPECT_TRUE(ran_.empty());
  EXPECT_THAT(grantd_.lines(), testing::Contains("POST /v1/grants/grt_01JD/release"));
}

TEST_F(RunCommand, AnInterruptionAfterTheApprovalGivesUpTheGrant) {
  pauses_max_ = 1;
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 5);
  EXPECT_TRUE(ran_.empty());
  EXPECT_THAT(grantd_.lines(), testing::Contains("POST /v1/grants/grt_01JD/release"));
}

// What it gives up in the end is nobody else's.
TEST_F(RunCommand, FilesARequestOfItsOwnEveryTime) {
  Go();
  Go();
  std::vector<std::string> keys;
  for (const FakeCall& call : grantd_.calls()) {
    if (call.target != "/v1/requests") continue;
    EXPECT_EQ(call.json()["new"], true);
    keys.push_back(call.idempotency_key);
  }
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_FALSE(keys[0].empty());
  EXPECT_NE(keys[0], keys[1]);
}

TEST_F(RunCommand, AnAnswerThatWasLostIsAskedForAgain) {
  away_at_ = "POST /v1/requests";
  away_calls_ = 2;
  request_["existing"] = true;
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 0) << ran.err;
  const auto calls = grantd_.calls();
  EXPECT_EQ(calls[0].idempotency_key, calls[2].idempotency_key);
  EXPECT_EQ(calls[0].body, calls[2].body);
  EXPECT_THAT(ran.err, HasSubstr("the rest given up")) << "it is its own all the same";
}

TEST_F(RunCommand, ARequestThatMayHaveBeenFiledIsToldOf) {
  away_at_ = "POST /v1/requests";
  away_calls_ = 1000;
  const Ran ran = Go({"--timeout", "10s"});
  EXPECT_EQ(ran.exit, 6);
  EXPECT_TRUE(ran_.empty());
  EXPECT_THAT(ran.err, HasSubstr("hint: a request may have been filed all the same: "));
}

TEST_F(RunCommand, AGrantdThatWasNeverThereIsSaidAtOnce) {
  const Ran ran =
      RunAt("unix:/nowhere",
            {"run", "release", "--signings", "1", "--window", "1h", "--reason", "x", "--", "sign"},
            {.pause = [this](std::chrono::milliseconds) { return pauses_++ < 1; }});
  EXPECT_EQ(ran.exit, 6);
  EXPECT_THAT(ran.err, HasSubstr("hint: is grantd running?"));
}

TEST_F(RunCommand, OutlastsAnAbsenceOfGrantdWithinItsTimeout) {
  request_ = SampleRequest();
  away_at_ = "GET /v1/requests/req_01JD";
  away_calls_ = 40;
  decided_ = ApprovedRequest();
  const Ran ran = Go({"--timeout", "10m"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_FALSE(ran_.empty());
}

TEST_F(RunCommand, TakesTheRequestBackWhereWaitingForItFails) {
  request_ = SampleRequest();
  away_at_ = "GET /v1/requests/req_01JD";
  away_calls_ = 1000;
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 6);
  EXPECT_TRUE(ran_.empty());
  EXPECT_EQ(grantd_.lines().back(), "POST /v1/requests/req_01JD/cancel");
  EXPECT_THAT(ran.err, HasSubstr(", so it was taken back and the command was not run\n"));
}

TEST_F(RunCommand, NamesARequestThatItCannotTakeBack) {
  FakeGrantd away([this](const FakeCall& call) {
    return call.method == "POST" && call.target == "/v1/requests" ? Ok(SampleRequest())
                                                                  : FakeAnswer{.hang_up = true};
  });
  const Ran ran = RunAt(away, {"run", "release", "--signings", "3", "--window", "1h", "--reason",
                               "x", "--timeout", "4s", "--", "sign"});
  EXPECT_EQ(ran.exit, 5);
  EXPECT_THAT(ran.err, HasSubstr("the request may still be open: the connection to grantd failed"));
  EXPECT_THAT(ran.err,
              HasSubstr("hint: once grantd answers again: grantctl request cancel req_01JD\n"));
}

TEST_F(RunCommand, GivesUpTheGrantAfterAnAbsenceOfGrantd) {
  away_at_ = "POST /v1/grants/grt_01JD/release";
  away_calls_ = 2;
  const Ran ran = Go();
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.err, HasSubstr("the rest given up"));
  EXPECT_EQ(grant_["status"], "released");
}

TEST_F(RunCommand, TheCommandStandsBehindTwoDashes) {
  const std::vector<std::string> wish = {"run",      "release", "--signings", "3",
                                         "--window", "1h",      "--reason",   "x"};
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{}, {"--"}, {"sign", "-x"}, {"sign", "--", "x"}}) {
    std::vector<std::string> arguments = wish;
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = RunAt(grantd_, arguments);
    EXPECT_EQ(ran.exit, 2) << Join(more);
    EXPECT_THAT(ran.err, HasSubstr("behind --\n"));
  }
  EXPECT_TRUE(grantd_.calls().empty());
}

TEST_F(RunCommand, ReusesAGrantThatCoversAllOfItAndLeavesItAlone) {
  grant_["max_signings"] = 5;
  const Ran ran = Go({"--reuse"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(variables_.at("GRANTD_GRANT"), "grt_01JD");
  for (const std::string& line : grantd_.lines()) EXPECT_THAT(line, Not(HasSubstr("POST")));
  EXPECT_THAT(ran.err, HasSubstr("grant grt_01JD: 0 of 4 signatures used\n"));
}

TEST_F(RunCommand, ReusesAGrantThatEndsBeforeTheWindowButNotAtOnce) {
  grant_["max_signings"] = 5;
  grant_["not_after"] = "2026-11-21T20:20:00Z";
  EXPECT_EQ(Go({"--reuse"}).exit, 0);
  EXPECT_THAT(grantd_.lines(), Not(testing::Contains("POST /v1/requests")));
  grant_["not_after"] = "2026-11-21T20:19:59Z";
  Go({"--reuse"});
  EXPECT_THAT(grantd_.lines(), testing::Contains("POST /v1/requests"));
}

TEST_F(RunCommand, ReusesTheFirstToEndOfThoseThatLastForTheWholeWindow) {
  grant_["max_signings"] = 5;
  const std::vector<std::pair<std::vector<const char*>, const char*>> cases = {
      {{"20:40", "23:00", "21:10", "22:00"}, "21:10"}, {{"20:40", "20:55", "20:30"}, "20:55"}};
  for (const auto& [ends, best] : cases) {
    grants_ = Json::array();
    for (const char* end : ends) {
      grant_["id"] = end;
      grant_["not_after"] = std::string("2026-11-21T") + end + ":00Z";
      grants_.push_back(grant_);
    }
    Go({"--reuse"});
    EXPECT_EQ(variables_["GRANTD_GRANT"], best);
  }
}

TEST_F(RunCommand, AGrantThatDoesNotCoverItIsNotReused) {
  const Json enough = [this] {
    Json grant = grant_;
    grant["max_signings"] = 5;
    return grant;
  }();
  std::vector<Json> grants(4, enough);
  grants[0]["max_signings"] = 3;
  grants[1]["not_after"] = "2026-11-21T20:15:00Z";
  grants[2]["digests"] = Json::array({"sha256:aa"});
  grants[3]["scopes"] = Json::array({"program=/usr/bin/openssl"});
  for (const Json& grant : grants) {
    grant_ = grant;
    Go({"--reuse"});
    EXPECT_THAT(grantd_.lines(), testing::Contains("POST /v1/requests"));
  }
}

TEST_F(RunCommand, AGrantdThatIsGoneInTheEndDoesNotHideHowTheCommandEnded) {
  code_ = 4;
  grant_ = Json::object();
  FakeGrantd away([this](const FakeCall& call) {
    return call.method == "POST" ? Ok(request_) : FakeAnswer{.hang_up = true};
  });
  const Ran ran = RunAt(
      away, {"run", "release", "--signings", "3", "--window", "1h", "--reason", "x", "--", "sign"},
      {.run = [this](const auto&, const auto&) { return code_; }});
  EXPECT_EQ(ran.exit, 4);
  EXPECT_THAT(ran.err, HasSubstr("grantctl: cannot give up grant grt_01JD: "));
  EXPECT_THAT(ran.err, HasSubstr("hint: once grantd answers again: grantctl grant release"));
}

}  // namespace
}  // namespace grant::ctl
