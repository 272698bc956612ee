#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"
#include "tools/grantctl/doctor_checks.h"
#include "tools/grantctl/doctor_module.h"

namespace grant::ctl {
namespace {

using ::testing::HasSubstr;

Json Report() {
  return Json::parse(R"({"version":"0.1.0","now":"2026-11-21T20:10:01Z",
    "api":"unix:/x/api.sock","gate":"unix:/x/gate.sock","alarms":[],
    "tokens":[{"name":"prod","present":true}],
    "rules":{"version":4,"applied_at":"2026-11-21T18:10:00Z","fault":null,"findings":[]},
    "channels":[
    {"name":"webhook","receiver":"https://hooks.example.com","failing":false,"waiting":0,
     "waiting_since":null,
     "last_success_at":"2026-11-21T20:00:00Z","last_error_at":null,"last_error":null}]})");
}

Json Seal() {
  return Json::parse(R"({"sealed":false,"sealed_by":null,"sealed_at":null,"reason":null,
    "tokens":[{"name":"prod","pin_source":"unseal","waiting":false,"refused":false}]})");
}

FakeGrantd::Handler Answering(const Json& report, const Json& seal = Seal()) {
  return [report, seal](const FakeCall& call) -> FakeAnswer {
    if (call.target == "/v1/whoami") {
      return {200, R"({"principal":"unix:root","admin":true,"auditor":false})"};
    }
    if (call.target == "/v1/ready") return {200, R"({"ready":true})"};
    if (call.target == "/v1/seal") return {200, seal.dump()};
    return {200, report.dump()};
  };
}

constexpr char kNoModule[] =
    "warn   no module is registered with p11-kit, so none was tried\n"
    "       hint: install the package, or name the module: grantctl doctor --module PATH\n";

// What it says of sockets is another test's: here gate and API are one and the same.
Ran RunDoctor(const FakeGrantd& grantd, std::vector<std::string> more = {}) {
  more.insert(more.begin(), "doctor");
  return RunAt(grantd, more, {.variables = {{"GRANTD_GATE", grantd.address()}}});
}

std::string AfterSockets(const std::string& out) {
  return out.substr(out.find("ok     grantd takes you"));
}

TEST(Doctor, SaysThatAllIsWell) {
  FakeGrantd grantd(Answering(Report()));
  const Ran ran = RunDoctor(grantd);
  EXPECT_EQ(ran.exit, 0) << ran.out;
  EXPECT_EQ(
      AfterSockets(ran.out),
      "ok     grantd takes you for unix:root, an administrator\n"
      "ok     grantd is ready to sign\n" +
          std::string(kNoModule) +
          "ok     the clocks agree\n"
          "ok     the audit and grantd's clock are as it knew them\n"
          "ok     grantd is not sealed\n"
          "ok     token prod is present\n"
          "ok     rules of version 4, applied 2h ago\n"
          "ok     notifications by webhook to https://hooks.example.com: the last was delivered "
          "10m ago, nothing waits\n");
  EXPECT_THAT(ran.out, HasSubstr("the api socket " + grantd.socket()));
  EXPECT_THAT(ran.out, HasSubstr("the gate socket " + grantd.socket()));
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(grantd.lines().at(0), "GET /v1/doctor");
}

TEST(Doctor, SaysWhatIsWrongAndWhatToDo) {
  Json report = Report();
  report["alarms"] = Json::parse(
      R"([{"name":"clock-wrong","message":"it leapt 1h ahead","hint":"set it right"}])");
  report["tokens"][0]["present"] = false;
  report["channels"][0].update(Json::parse(
      R"({"failing":true,"waiting":3,"waiting_since":"2026-11-21T19:40:00Z",
          "last_error_at":"2026-11-21T20:08:00Z",
          "last_error":"it answered with status 500\u001b[2J"})"));
  FakeGrantd grantd(Answering(report));
  const Ran ran = RunDoctor(grantd);
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out,
              HasSubstr("wrong  nothing is signed: it leapt 1h ahead\n"
                        "       hint: set it right\n"
                        "ok     grantd is not sealed\n"
                        "wrong  token prod is absent, so nothing can be signed with its keys\n"
                        "       hint: see grantd's log, and [[token]] in grantd.toml\n"));
  EXPECT_THAT(
      ran.out,
      HasSubstr("wrong  notifications by webhook to https://hooks.example.com fail: it answered "
                "with status 500\\u001b[2J (2m ago); the last was delivered 10m ago, 3 messages "
                "wait, the oldest for 30m\n"
                "       hint: mend the receiver or [notify.webhook] in grantd.toml; what waits is "
                "sent by itself\n"));
  EXPECT_EQ(ran.err, "grantctl: 3 of 11 checks found something wrong\n");
  const Ran names = RunDoctor(grantd, {"-o", "name"});
  EXPECT_EQ(names.exit, 1);
  EXPECT_EQ(names.out, "alarm/clock-wrong\ntoken/prod\nchannel/webhook\n");
  const Ran json = RunDoctor(grantd, {"-o", "json"});
  EXPECT_EQ(json.exit, 1);
  Json answer = Json::parse(json.out);
  const Json checks = answer["checks"];
  answer.erase("checks");
  EXPECT_EQ(answer, report) << "what grantd said is there as it came";
  ASSERT_EQ(checks.size(), 11U);
  EXPECT_EQ(checks.back()["name"], "channel/webhook");
  EXPECT_EQ(checks.back()["health"], "wrong");
  EXPECT_NE(checks.back()["hint"], nullptr);
}

TEST(Doctor, WarnsWithAHintAndWithoutFailing) {
  Json report = Report();
  report["now"] = "2026-11-21T20:05:00Z";
  report["rules"]["findings"] =
      Json::array({{{"detail", "step 1 of policy 'x': no mail reaches unix:bob"},
                    {"hint", "give them one in the rules"}}});
  FakeGrantd grantd(Answering(report));
  const Ran ran = RunDoctor(grantd);
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.out, HasSubstr("warn   grantd's clock shows 2026-11-21T20:05:00Z, which is 5m "
                                 "less than here\n       hint: "));
  EXPECT_THAT(ran.out, HasSubstr("warn   step 1 of policy 'x': no mail reaches unix:bob\n"
                                 "       hint: give them one in the rules\n"));
  EXPECT_EQ(RunDoctor(grantd, {"-o", "name"}).out, "");
}

TEST(Doctor, LooksAtTheRules) {
  Json report = Report();
  report["rules"]["fault"] = {{"detail", "only 0 people can give one"}, {"hint", "name more"}};
  FakeGrantd faulty(Answering(report));
  const Ran ran = RunDoctor(faulty);
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("only 0 people can give one\n       hint: name more\n"));
  report["rules"] = {{"version", 0}, {"applied_at", nullptr}, {"findings", Json::array()}};
  FakeGrantd fresh(Answering(report));
  EXPECT_THAT(RunDoctor(fresh).out, HasSubstr("warn   no rules are in force"));
}

TEST(Doctor, TellsWhenNobodyIsNotifiedWithoutCallingItWrong) {
  Json report = Report();
  report["channels"] = Json::array();
  FakeGrantd grantd(Answering(report));
  const Ran ran = RunDoctor(grantd);
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.out, HasSubstr("ok     nobody is notified: grantd.toml has no [notify]"));
}

TEST(Doctor, FindsAGateThatNobodyServes) {
  FakeGrantd grantd(Answering(Report()));
  const TemporaryDirectory directory;
  const Ran ran =
      RunAt(grantd, {"doctor"}, {.variables = {{"GRANTD_GATE", "unix:" + directory.Path("no")}}});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("wrong  the gate socket " + directory.Path("no") +
                                 " cannot be reached: No such file or directory\n"));
  const Ran typo = RunAt(grantd, {"doctor"}, {.variables = {{"GRANTD_GATE", "/run/gate.sock"}}});
  EXPECT_EQ(typo.exit, 1);
  EXPECT_THAT(typo.out, HasSubstr("'/run/gate.sock' is not an address of grantd"));
}

TEST(Doctor, ShowsEverybodyWhatEverybodyMayKnow) {
  FakeGrantd grantd([](const FakeCall& call) -> FakeAnswer {
    if (call.target == "/v1/doctor" || call.target == "/v1/seal") {
      return Problem(403, "forbidden", "unix:eve is neither");
    }
    if (call.target == "/v1/whoami") return {200, R"({"principal":"unix:eve"})"};
    return {200, R"({"status":"ok","version":"0.1.0","tokens":[{"name":"prod","present":true}]})"};
  });
  const Ran ran = RunDoctor(grantd);
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(AfterSockets(ran.out),
            "ok     grantd takes you for unix:eve\nok     grantd is ready to sign\n" +
                std::string(kNoModule) + "ok     token prod is present\n");
  EXPECT_THAT(ran.err, HasSubstr("administrators and auditors alone"));
  EXPECT_EQ(RunDoctor(grantd, {"-o", "json"}).exit, 3);
}

TEST(Doctor, TellsASealFromATokenThatIsGone) {
  Json report = Report();
  report["tokens"][0]["present"] = false;
  Json seal = Seal();
  seal.update(Json::parse(R"({"sealed":true,"sealed_by":"unix:alice",
    "sealed_at":"2026-11-21T20:00:00Z","reason":"the build machine is compromised"})"));
  FakeGrantd grantd(Answering(report, seal));
  const Ran ran = RunDoctor(grantd);
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out,
              HasSubstr("wrong  nothing is signed: unix:alice sealed grantd 10m ago: the build "
                        "machine is compromised\n"
                        "       hint: once that is settled, an administrator lifts the seal: "
                        "grantctl unseal\n"
                        "wrong  token prod is closed, because grantd is sealed\n"
                        "       hint: grantctl unseal\n"));
  EXPECT_EQ(RunDoctor(grantd, {"-o", "name"}).out, "seal\ntoken/prod\n");
}

TEST(Doctor, TellsWhichTokenWaitsForItsPin) {
  Json report = Report();
  report["tokens"][0]["present"] = false;
  Json seal = Seal();
  seal["tokens"][0]["waiting"] = true;
  FakeGrantd waiting(Answering(report, seal));
  const Ran ran = RunDoctor(waiting);
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("wrong  token prod waits for its PIN to be typed in, so nothing "
                                 "can be signed with its keys\n"
                                 "       hint: grantctl unseal --token prod\n"));
  seal["tokens"][0]["refused"] = true;
  FakeGrantd refused(Answering(report, seal));
  EXPECT_THAT(RunDoctor(refused).out,
              HasSubstr("wrong  token prod refused the last PIN, and waits for its PIN to be typed "
                        "in, so nothing can be signed with its keys\n"
                        "       hint: be sure of the PIN, and then: grantctl unseal --token prod "
                        "--after-wrong-pin\n"));
  seal["tokens"][0]["waiting"] = false;
  FakeGrantd of_file(Answering(report, seal));
  EXPECT_THAT(RunDoctor(of_file).out,
              HasSubstr("wrong  token prod refused its PIN, which is not tried again\n"));
}

TEST(Doctor, TellsWhyGrantdIsNotReady) {
  FakeGrantd grantd([](const FakeCall& call) -> FakeAnswer {
    if (call.target == "/v1/ready") {
      return Problem(503, "unavailable", "not ready: token prod is absent");
    }
    return Answering(Report())(call);
  });
  const Ran ran = RunDoctor(grantd);
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("wrong  grantd is not ready: token prod is absent\n"));
}

TEST(Doctor, LooksAtWhatOnlyGrantdSees) {
  Json report = Report();
  report.update(Json::parse(R"json({
    "configuration":{"file":"/etc/grantd/grantd.toml","changed":true,"fault":null},
    "tokens":[{"name":"prod","present":true,"workers_up":1,"workers":2,"pin_file":"/etc/p",
      "pin_fault":{"detail":"the PIN file /etc/p is open to others (mode 0644)",
                   "hint":"chmod 600 /etc/p"}}],
    "disks":[{"path":"/var/lib/grantd","bytes":100000000000,"bytes_free":50000000000,
              "inodes":1000,"inodes_free":0,"fault":null},
             {"path":"/backups","bytes":100000000000,"bytes_free":100000000,
              "inodes":0,"inodes_free":0,"fault":null}],
    "database":{"bytes":1000,"log_bytes":400000000,"mark_file":"/m","mark_readable":false},
    "backups":{"directory":"/backups","last_at":null}})json"));
  FakeGrantd grantd(Answering(report));
  const Ran ran = RunDoctor(grantd);
  EXPECT_EQ(ran.exit, 1);
  for (const char* line :
       {"warn   /etc/grantd/grantd.toml was changed after grantd read it",
        "warn   token prod is present and logged in, with 1 of 2 workers\n",
        "wrong  the PIN file /etc/p is open to others (mode 0644)\n       hint: chmod 600 /etc/p\n",
        "wrong  /var/lib/grantd has 46 GiB free of 93 GiB, and 0 free inodes, so nothing can be",
        "warn   /backups has 95 MiB free of 93 GiB, which is little\n",
        "warn   the database has 1000 bytes, its write-ahead log 381 MiB, which is much\n",
        "wrong  the mark is not in /m\n", "warn   no backup was made yet\n"}) {
    EXPECT_THAT(ran.out, HasSubstr(line));
  }
  report["configuration"]["fault"] = {{"detail", "unknown key 'x'"}, {"hint", "remove it"}};
  FakeGrantd faulty(Answering(report));
  EXPECT_THAT(RunDoctor(faulty).out,
              HasSubstr("wrong  grantd would not start again: unknown key 'x'\n"));
}

TEST(Doctor, LoadsTheModuleInAProcessOfItsOwn) {
  EXPECT_THAT(CheckModule("/nowhere/grant-pkcs11.so").sentence, HasSubstr("cannot be used"));
  // A library, but no module.
  EXPECT_EQ(CheckModule("libc.so.6").health, Health::kWrong);
  FakeGrantd grantd(Answering(Report()));
  const Ran ran = RunDoctor(grantd, {"--module", "/nowhere/m.so"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("wrong  the module /nowhere/m.so cannot be used: "));
}

SocketState Served(uid_t server) {
  SocketState state;
  state.owner = state.server = server;
  state.mode = 0666;
  return state;
}

TEST(Doctor, KnowsASocketThatCannotBeTrusted) {
  EXPECT_EQ(CheckSocket("api", "/run/a", Served(995), 1000).health, Health::kOk);
  SocketState other = Served(995);
  other.owner = 1001;
  EXPECT_EQ(CheckSocket("api", "/run/a", other, 1000).health, Health::kWrong);
  SocketState shared = Served(995);
  shared.open_directory = "/run/shared";
  const Finding replaceable = CheckSocket("gate", "/run/shared/g", shared, 1000);
  EXPECT_EQ(replaceable.health, Health::kWrong);
  EXPECT_THAT(replaceable.sentence, HasSubstr("they may write to /run/shared"));
  SocketState narrow = Served(995);
  narrow.mode = 0600;
  EXPECT_EQ(CheckSocket("api", "/run/a", narrow, 1000).health, Health::kWarning);
  EXPECT_EQ(CheckSocket("api", "/run/a", Served(1000), 1000).health, Health::kWarning);
  EXPECT_EQ(CheckSocket("api", "/run/a", Served(0), 0).health, Health::kOk);
}

TEST(Doctor, IsRefusedWhereNobodyIsKnownToAsk) {
  FakeGrantd grantd(Problem(403, "forbidden", "unix:eve is not an administrator"));
  EXPECT_EQ(RunAt(grantd, {"doctor"}).exit, 3);
}

}  // namespace
}  // namespace grant::ctl
