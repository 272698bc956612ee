#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

Json Report() {
  return Json::parse(R"({"version":"0.1.0","tokens":[{"name":"prod","present":true}],"channels":[
    {"name":"webhook","receiver":"https://hooks.example.com","failing":false,"waiting":0,
     "last_success_at":"2026-11-21T20:00:00Z","last_error_at":null,"last_error":null}]})");
}

TEST(Doctor, SaysThatAllIsWell) {
  FakeGrantd grantd(Report());
  const Ran ran = RunAt(grantd, {"doctor"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out,
            "ok     token prod is present\n"
            "ok     notifications by webhook to https://hooks.example.com: the last was delivered "
            "10m ago, nothing waits\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(grantd.lines().at(0), "GET /v1/doctor");
}

TEST(Doctor, SaysWhatIsWrongAndWhatToDo) {
  Json report = Report();
  report["tokens"][0]["present"] = false;
  report["channels"][0].update(Json::parse(
      R"({"failing":true,"waiting":3,"last_error_at":"2026-11-21T20:08:00Z",
          "last_error":"it answered with status 500\u001b[2J"})"));
  FakeGrantd grantd(report);
  const Ran ran = RunAt(grantd, {"doctor"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out,
            "wrong  token prod is absent, so nothing can be signed with its keys\n"
            "       hint: see grantd's log, and [[token]] in grantd.toml\n"
            "wrong  notifications by webhook to https://hooks.example.com fail: it answered with "
            "status 500\\u001b[2J (2m ago); the last was delivered 10m ago, 3 messages wait\n"
            "       hint: mend the receiver or [notify.webhook] in grantd.toml; what waits is sent "
            "by itself\n");
  EXPECT_EQ(ran.err, "grantctl: 2 of 2 checks found something wrong\n");
  const Ran names = RunAt(grantd, {"doctor", "-o", "name"});
  EXPECT_EQ(names.exit, 1);
  EXPECT_EQ(names.out, "token/prod\nchannel/webhook\n");
  const Ran json = RunAt(grantd, {"doctor", "-o", "json"});
  EXPECT_EQ(json.exit, 1);
  EXPECT_EQ(Json::parse(json.out), report);
}

TEST(Doctor, TellsWhenNobodyIsNotifiedWithoutCallingItWrong) {
  Json report = Report();
  report["channels"] = Json::array();
  FakeGrantd grantd(report);
  const Ran ran = RunAt(grantd, {"doctor"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.out,
              testing::HasSubstr("ok     nobody is notified: grantd.toml has no [notify]"));
}

TEST(Doctor, IsForAdministrators) {
  FakeGrantd grantd(Problem(403, "forbidden", "unix:eve is not an administrator"));
  EXPECT_EQ(RunAt(grantd, {"doctor"}).exit, 3);
}

}  // namespace
}  // namespace grant::ctl
