#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(RequestCreate, SendsWhatTheApiAsksFor) {
  FakeGrantd grantd(SampleRequest());
  const Ran ran = RunAt(grantd, {"request", "create", "release", "--signings", "3", "--window",
                                 "2h", "--reason", "Release v2.4.0", "-o", "name"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, "req_01JD\n");
  EXPECT_EQ(ran.err, "");
  ASSERT_THAT(grantd.lines(), ElementsAre("POST /v1/requests"));
  EXPECT_EQ(grantd.calls()[0].json(),
            Json::parse(R"({"signer":"release","signings":3,"window":{"duration":"2h"},
                            "justification":"Release v2.4.0"})"));
}

TEST(RequestCreate, TakesAbsoluteWindowsAndDigests) {
  FakeGrantd grantd(SampleRequest());
  const TemporaryDirectory directory;
  const Ran ran =
      RunAt(grantd, {"request", "create", "release", "--signings", "1", "--from",
                     "2026-11-21T22:00:00+01:00", "--until", "2026-11-22T00:00:00Z", "--reason",
                     "x", "--digest", "sha256:" + std::string(64, '0'), "--file",
                     directory.Write("abc", "abc"), "--digest", "sha512:" + std::string(128, '1'),
                     "--file", directory.Write("empty", "")});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  const Json body = grantd.calls().at(0).json();
  EXPECT_EQ(body["window"], Json::parse(R"({"from":"2026-11-21T22:00:00+01:00",
                                            "until":"2026-11-22T00:00:00Z"})"));
  EXPECT_EQ(body["digests"],
            Json::array({"sha256:" + std::string(64, '0'), "sha512:" + std::string(128, '1')}));
  const Json abc = {
      {"name", directory.Path("abc")},
      {"digest", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}};
  const Json empty = {
      {"name", directory.Path("empty")},
      {"digest", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}};
  EXPECT_EQ(body["files"], Json::array({abc, empty}));
}

TEST(RequestCreate, SendsScopesWithProgramsAsTheKernelNamesThem) {
  FakeGrantd grantd(SampleRequest());
  const TemporaryDirectory directory;
  const std::string program = std::filesystem::canonical(directory.Write("tool-1", "")).string();
  const std::string link = directory.Path("tool");
  std::filesystem::create_symlink(program, link);
  const Ran ran = RunAt(grantd, {"request", "create", "release", "--signings", "1", "--window",
                                 "1h", "--reason", "x", "--scope", "user=unix:alice", "--scope",
                                 "program=" + link, "--scope", "program=/nonexistent/tool"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(ran.err, StartsWith(link + " is " + program + ", which is what grantd will see\n"));
  EXPECT_EQ(grantd.calls().at(0).json()["scopes"],
            Json::array({"user=unix:alice", "program=" + program, "program=/nonexistent/tool"}));
}

TEST(RequestCreate, SendsNothingThatIsNoDigestOrNoScope) {
  FakeGrantd grantd(SampleRequest());
  for (const auto& [option, value] :
       std::vector<std::pair<std::string, std::string>>{{"--digest", "foo"},
                                                        {"--digest", "sha256:aa"},
                                                        {"--digest", "md5:" + std::string(32, 'a')},
                                                        {"--scope", "foo=1"},
                                                        {"--scope", "user=alice"},
                                                        {"--scope", "program=no-such-program"}}) {
    const Ran ran = RunAt(grantd, {"request", "create", "release", "--signings", "1", "--window",
                                   "1h", "--reason", "x", option, value});
    EXPECT_EQ(ran.exit, 2) << value;
    EXPECT_THAT(ran.err, HasSubstr("'" + value + "' is not a "));
  }
  EXPECT_TRUE(grantd.calls().empty());
}

// CLI11 takes some of these for lists.
TEST(RequestCreate, SendsTextsAsTheyAreWhateverTheyLookLike) {
  FakeGrantd grantd(SampleRequest());
  const TemporaryDirectory directory;
  for (const char* text : {"[a,b]", "[]", "{}", "%%", "a,b"}) {
    const std::string path = directory.Write(text, "abc");
    const Ran ran = RunAt(grantd, {"request", "create", "release", "--signings", "1", "--window",
                                   "1h", "--reason", text, "--file", path});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    const Json body = grantd.calls().back().json();
    EXPECT_EQ(body["justification"], text);
    EXPECT_EQ(body["files"][0]["name"], path);
    RunAt(grantd, {"request", "cancel", "req_01JD", "--comment", text});
    EXPECT_EQ(grantd.calls().back().json()["comment"], text);
    RunAt(grantd, {"request", "comment", "req_01JD", "--", text});
    EXPECT_EQ(grantd.calls().back().json()["text"], text);
  }
}

TEST(RequestCreate, SaysThatTheSameIsOpenAlready) {
  Json existing = SampleRequest();
  existing["existing"] = true;
  FakeGrantd grantd(existing);
  const Ran ran = RunAt(grantd, {"request", "create", "release", "--signings", "3", "--window",
                                 "2h", "--reason", "x"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(ran.err, StartsWith("request req_01JD asks for the same and is open already; --new "
                                  "files another\n"));
  EXPECT_FALSE(grantd.calls().at(0).json().contains("new"));
  RunAt(grantd, {"request", "create", "release", "--signings", "3", "--window", "2h", "--reason",
                 "x", "--new"});
  EXPECT_EQ(grantd.calls().at(1).json()["new"], true);
}

TEST(RequestCreate, AFileThatCannotBeReadSendsNothing) {
  FakeGrantd grantd(SampleRequest());
  const Ran ran = RunAt(grantd, {"request", "create", "release", "--signings", "1", "--window",
                                 "1h", "--reason", "x", "--file", "/nonexistent/file"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.err, HasSubstr("cannot read /nonexistent/file: No such file or directory\n"));
  EXPECT_TRUE(grantd.calls().empty());
}

TEST(RequestCreate, ASignerMayBeNamedLikeACommand) {
  FakeGrantd grantd(SampleRequest());
  const Ran ran = RunAt(grantd, {"request", "create", "list", "--signings", "1", "--window", "1h",
                                 "--reason", "audit"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(grantd.calls().at(0).json()["signer"], "list");
}

std::vector<std::string> CreateWithSecret(std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"request",  "create", "release",  "--signings", "3",
                                        "--window", "2h",     "--reason", "x",          "--secret"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Json WithSecret(Json request) {
  request["has_secret"] = true;
  request["secret"] = "gsec_0123456789ABCDEFGHJKMNPQRS";
  return request;
}

// Shows the secret in the answer to the creation alone, and becomes approved at once.
FakeAnswer AnswerOnce(const FakeCall& call) {
  const Json answer = call.method == "POST" ? WithSecret(SampleRequest()) : ApprovedRequest();
  return {200, answer.dump()};
}

TEST(RequestCreateSecret, IsAskedForAndShownOnce) {
  FakeGrantd grantd(AnswerOnce);
  const Ran ran = RunAt(grantd, CreateWithSecret());
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(grantd.calls().at(0).json()["secret"], true);
  EXPECT_THAT(ran.out, StartsWith("Secret  gsec_0123456789ABCDEFGHJKMNPQRS\n"
                                  "        shown only this once; "));
  EXPECT_EQ(ran.out.find("gsec_"), ran.out.rfind("gsec_"));
  EXPECT_THAT(ran.err, Not(HasSubstr("gsec_")));
}

TEST(RequestCreateSecret, IsShownBeforeTheWaiting) {
  FakeGrantd grantd([](const FakeCall& call) {
    return call.method == "POST" ? AnswerOnce(call) : Problem(404, "not-found", "gone");
  });
  const Ran ran = RunAt(grantd, CreateWithSecret({"--wait"}));
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, StartsWith("Secret  gsec_0123456789ABCDEFGHJKMNPQRS\n"));
}

TEST(RequestCreateSecret, StaysInTheJsonThroughTheWaiting) {
  FakeGrantd grantd(AnswerOnce);
  const Ran ran = RunAt(grantd, CreateWithSecret({"--wait", "-o", "json"}));
  EXPECT_EQ(ran.exit, 0) << ran.err;
  const Json shown = Json::parse(ran.out);
  EXPECT_EQ(shown["status"], "approved");
  EXPECT_EQ(shown["secret"], "gsec_0123456789ABCDEFGHJKMNPQRS");
}

TEST(RequestCreateSecret, IsInTheJsonThoughTheWaitingFailed) {
  FakeGrantd grantd([](const FakeCall& call) {
    return call.method == "POST" ? AnswerOnce(call) : Problem(404, "not-found", "gone");
  });
  const Ran ran = RunAt(grantd, CreateWithSecret({"--wait", "-o", "json"}));
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(Json::parse(ran.out), WithSecret(SampleRequest()));
}

TEST(RequestCreateSecret, OfOneThatIsOpenAlreadyCannotBeShownAgain) {
  Json existing = SampleRequest();
  existing["existing"] = true;
  FakeGrantd grantd(existing);
  const Ran ran = RunAt(grantd, CreateWithSecret());
  EXPECT_EQ(ran.exit, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("its secret was shown when it was filed and cannot be shown again"
                                 "\nhint: add --new "));
}

TEST(RequestCreateSecret, WhoseAnswerIsLostIsAskedForAnew) {
  FakeGrantd grantd(FakeAnswer{200, "", /*hang_up=*/true});
  const Ran ran = RunAt(grantd, CreateWithSecret());
  EXPECT_EQ(ran.exit, 6);
  EXPECT_THAT(ran.err, HasSubstr("its secret is lost then: grantctl request list --status open"));
}

TEST(RequestCreateSecret, IsNotAskedForAfterAnInterruptionAndShownBeforeALaterOne) {
  FakeGrantd grantd(AnswerOnce);
  Setting interrupted;
  interrupted.pause = [](std::chrono::milliseconds) { return false; };
  EXPECT_EQ(RunAt(grantd, CreateWithSecret(), interrupted).exit, 5);
  EXPECT_TRUE(grantd.calls().empty());
  int pauses = 0;
  interrupted.pause = [&pauses](std::chrono::milliseconds) { return ++pauses == 1; };
  const Ran ran = RunAt(grantd, CreateWithSecret({"--wait", "-o", "json"}), interrupted);
  EXPECT_EQ(ran.exit, 5);
  EXPECT_EQ(Json::parse(ran.out)["secret"], "gsec_0123456789ABCDEFGHJKMNPQRS");
}

TEST(RequestCreateSecret, AnOutputThatWouldLoseItIsRefusedBeforeAnythingIsSent) {
  FakeGrantd grantd(AnswerOnce);
  const Ran ran = RunAt(grantd, CreateWithSecret({"-o", "name"}));
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.err, HasSubstr("-o json"));
  EXPECT_TRUE(grantd.calls().empty());
}

TEST(RequestList, SendsItsFilters) {
  FakeGrantd grantd(Items(Json::array({SampleRequest()})));
  const Ran ran = RunAt(grantd, {"request", "list", "--status", "open", "--signer", "release",
                                 "--requester", "unix:alice", "--limit", "7"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("req_01JD  release  open"));
  EXPECT_THAT(grantd.lines(), ElementsAre("GET /v1/requests?limit=7&requester=unix%3Aalice&signer="
                                          "release&status=open"));
}

TEST(RequestList, SendsWhenAndForWhom) {
  FakeGrantd grantd(Items(Json::array()));
  RunAt(grantd, {"request", "list", "--awaiting-me", "--since", "2h"});
  RunAt(grantd, {"request", "list", "--since", "2026-11-21T22:00:00+01:00"});
  EXPECT_THAT(grantd.lines(),
              ElementsAre("GET /v1/requests?awaiting=me&limit=100&since=2026-11-21T18%3A10%3A00Z",
                          "GET /v1/requests?limit=100&since=2026-11-21T22%3A00%3A00%2B01%3A00"));
}

TEST(RequestList, JsonIsTheApisListUnchanged) {
  const Json items = Json::parse(R"([{"z":1,"a":{"later":"field"},"id":"req_1"}])");
  FakeGrantd grantd(Items(items, "req_0"));
  const Ran ran = RunAt(grantd, {"request", "list", "--limit", "1", "-o", "json"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.err, "");
  // Compared as text: not even the order of the keys changes.
  EXPECT_EQ(Json::parse(ran.out).dump(),
            R"({"items":[{"z":1,"a":{"later":"field"},"id":"req_1"}],"next":"req_0"})");
}

TEST(RequestList, NothingToListIsSaidOnStderr) {
  FakeGrantd grantd(Items(Json::array()));
  const Ran ran = RunAt(grantd, {"request", "list"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "no requests\n");
  EXPECT_EQ(RunAt(grantd, {"request", "list", "-o", "name"}).out, "");
}

TEST(RequestList, SaysThatThereAreMore) {
  FakeGrantd grantd(Items(Json::array({SampleRequest()}), "req_01JD"));
  EXPECT_EQ(RunAt(grantd, {"request", "list", "--limit", "1"}).err,
            "these are the newest 1; --limit N or --all shows more\n");
}

TEST(RequestShow, JsonIsTheApisObjectUnchanged) {
  FakeGrantd grantd(SampleRequest());
  const Ran ran = RunAt(grantd, {"request", "show", "req_01", "-o", "json"});
  EXPECT_EQ(Json::parse(ran.out).dump(), SampleRequest().dump());
  EXPECT_THAT(grantd.lines(), ElementsAre("GET /v1/requests/req_01"));
}

TEST(RequestShow, ColoursOnATerminalUnlessToldNotTo) {
  FakeGrantd grantd(SampleRequest());
  EXPECT_THAT(RunAt(grantd, {"request", "show", "r"}, {.terminal = true}).out, HasSubstr("\x1b["));
  const auto plain = [&grantd](const std::vector<std::string>& more,
                               std::map<std::string, std::string> variables) {
    std::vector<std::string> arguments = {"request", "show", "r"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunAt(grantd, arguments, {.terminal = true, .variables = std::move(variables)}).out;
  };
  EXPECT_EQ(plain({"--no-color"}, {}).find('\x1b'), std::string::npos);
  EXPECT_EQ(plain({}, {{"NO_COLOR", "1"}}).find('\x1b'), std::string::npos);
  EXPECT_EQ(plain({}, {{"TERM", "dumb"}}).find('\x1b'), std::string::npos);
  EXPECT_EQ(RunAt(grantd, {"request", "show", "r"}).out.find('\x1b'), std::string::npos);
}

TEST(RequestDecisions, PostToTheirRoutesAndSayWhatCameOfIt) {
  FakeGrantd grantd(ApprovedRequest());
  for (const std::string verb : {"approve", "reject", "cancel"}) {
    const Ran ran = RunAt(grantd, {"request", verb, "req_01", "--comment", "because"});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    EXPECT_EQ(ran.out, "req_01JD is approved: grant grt_01JD\n");
    EXPECT_EQ(grantd.lines().back(), "POST /v1/requests/req_01/" + verb);
    EXPECT_EQ(grantd.calls().back().body, R"({"comment":"because"})");
    RunAt(grantd, {"request", verb, "req_01"});
    EXPECT_EQ(grantd.calls().back().body, "{}");
  }
}

TEST(RequestDecisions, AnApprovalMaySendLess) {
  FakeGrantd grantd(ApprovedRequest());
  const Ran ran =
      RunAt(grantd, {"request", "approve", "req_01", "--signings", "2", "--window", "30m"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(grantd.calls().back().body, R"({"signings":2,"window":"30m"})");
  EXPECT_EQ(RunAt(grantd, {"request", "reject", "req_01", "--signings", "2"}).exit, 2);
}

TEST(RequestDecisions, ARefusedDecisionIsExitThree) {
  FakeGrantd grantd(Problem(409, "conflict", "request req_01JD is already rejected"));
  EXPECT_EQ(RunAt(grantd, {"request", "approve", "req_01"}).exit, 3);
}

TEST(RequestComment, SendsItsText) {
  FakeGrantd grantd(SampleRequest());
  const Ran ran = RunAt(grantd, {"request", "comment", "req_01", "two more files"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(grantd.lines().back(), "POST /v1/requests/req_01/comment");
  EXPECT_EQ(grantd.calls().back().body, R"({"text":"two more files"})");
}

}  // namespace
}  // namespace grant::ctl
