#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using DoctorTest = ApiTest;

TEST_F(DoctorTest, TellsOfTokensAndChannels) {
  channels_ = {{"https://hooks.example.com", {"webhook", now_, std::nullopt, ""}, 0},
               {"smtp://mail.example.com", {"smtp", std::nullopt, now_, "no route"}, 3, now_}};
  const Reply reply = Get("root", "/v1/doctor");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.json, nlohmann::ordered_json::parse(R"({"version":")" GRANT_VERSION R"(",
    "now":"2026-11-21T20:00:00Z","api":"","gate":"",
    "alarms":[],"configuration":{"file":"/etc/grantd.toml","changed":true,"fault":null},
    "tokens":[{"name":"prod","present":true,"workers_up":1,"workers":2,"pin_file":"/etc/pin",
               "pin_fault":{"detail":"it is open","hint":"close it"}}],
    "disks":[{"path":"/state","bytes":10,"bytes_free":5,"inodes":4,"inodes_free":2,"fault":null}],
    "database":{"bytes":3,"log_bytes":1,"mark_file":"/mark","mark_readable":true},
    "backups":{"directory":"/backups","last_at":"2026-11-21T20:00:00Z"},
    "rules":{"version":0,"applied_at":null,"fault":null,"findings":[]},
    "channels":[
      {"name":"webhook","receiver":"https://hooks.example.com","failing":false,"waiting":0,"waiting_since":null,
       "last_success_at":"2026-11-21T20:00:00Z","last_error_at":null,"last_error":null},
      {"name":"smtp","receiver":"smtp://mail.example.com","failing":true,"waiting":3,
       "waiting_since":"2026-11-21T20:00:00Z",
       "last_success_at":null,"last_error_at":"2026-11-21T20:00:00Z","last_error":"no route"}]})"));
}

TEST_F(DoctorTest, LooksAtTheRulesInForceAnew) {
  std::string document = kRulesToml;
  document.replace(document.find("\"unix:carol\""), 12, "\"unix-group:sec\"");
  members_of_["unix-group:sec"] = {Principal::Parse("unix:carol").value()};
  ASSERT_EQ(Post("root", "/v1/rules", {{"document", document}, {"source", "r"}}).status, 200);
  auto rules = Get("olga", "/v1/doctor").json["rules"];
  EXPECT_EQ(rules["version"], 1);
  EXPECT_EQ(rules["fault"], nullptr);
  EXPECT_TRUE(rules["findings"].empty());
  // Its only member becomes an auditor.
  members_of_["unix-group:sec"] = {Principal::Parse("unix:olga").value()};
  rules = Get("olga", "/v1/doctor").json["rules"];
  EXPECT_THAT(rules["fault"]["detail"], testing::HasSubstr("only 0 people can give one"));
  EXPECT_FALSE(rules["fault"]["hint"].get<std::string>().empty());
  ASSERT_EQ(rules["findings"].size(), 1U);
  EXPECT_THAT(rules["findings"][0]["detail"], testing::HasSubstr("unix:olga is an auditor"));
  EXPECT_FALSE(rules["findings"][0]["hint"].get<std::string>().empty());
}

TEST_F(DoctorTest, AChannelThatRecoveredIsNotFailing) {
  channels_ = {{"x", {"smtp", now_, now_ - std::chrono::seconds(1), "no route"}, 0}};
  EXPECT_EQ(Get("root", "/v1/doctor").json["channels"][0]["failing"], false);
  channels_[0].record.last_error_at = now_ + std::chrono::seconds(1);
  EXPECT_EQ(Get("root", "/v1/doctor").json["channels"][0]["failing"], true);
}

}  // namespace
}  // namespace grant::api
