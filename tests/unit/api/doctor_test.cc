#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using DoctorTest = ApiTest;

TEST_F(DoctorTest, TellsOfTokensAndChannels) {
  channels_ = {{"https://hooks.example.com", {"webhook", now_, std::nullopt, ""}, 0},
               {"smtp://mail.example.com", {"smtp", std::nullopt, now_, "no route"}, 3}};
  const Reply reply = Get("root", "/v1/doctor");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.json, nlohmann::ordered_json::parse(R"({"version":")" GRANT_VERSION R"(",
    "tokens":[{"name":"prod","present":true}],
    "channels":[
      {"name":"webhook","receiver":"https://hooks.example.com","failing":false,"waiting":0,
       "last_success_at":"2026-11-21T20:00:00Z","last_error_at":null,"last_error":null},
      {"name":"smtp","receiver":"smtp://mail.example.com","failing":true,"waiting":3,
       "last_success_at":null,"last_error_at":"2026-11-21T20:00:00Z","last_error":"no route"}]})"));
}

TEST_F(DoctorTest, AChannelThatRecoveredIsNotFailing) {
  channels_ = {{"x", {"smtp", now_, now_ - std::chrono::seconds(1), "no route"}, 0}};
  EXPECT_EQ(Get("root", "/v1/doctor").json["channels"][0]["failing"], false);
  channels_[0].record.last_error_at = now_ + std::chrono::seconds(1);
  EXPECT_EQ(Get("root", "/v1/doctor").json["channels"][0]["failing"], true);
}

}  // namespace
}  // namespace grant::api
