#include "tests/unit/grantctl/harness.h"

#include <sstream>

#include "tools/grantctl/command_line.h"

namespace grant::ctl {

Instant TestNow() {
  return *ParseInstant("2026-11-21T20:10:00Z");
}

Ran RunAt(const std::string& address, const std::vector<std::string>& arguments,
          const Setting& setting) {
  std::istringstream in(setting.in);
  std::ostringstream out;
  std::ostringstream err;
  Surroundings around{.in = in,
                      .out = out,
                      .err = err,
                      .in_is_terminal = setting.terminal,
                      .out_is_terminal = setting.terminal,
                      .err_is_terminal = setting.terminal,
                      .variable =
                          [&](const std::string& name) {
                            if (name == "GRANTD_API") return address;
                            const auto found = setting.variables.find(name);
                            return found == setting.variables.end() ? "" : found->second;
                          },
                      .now = TestNow,
                      .pause = setting.pause,
                      .run = setting.run,
                      .echo = setting.echo,
                      .rows = [&] { return setting.rows; },
                      .write_before_stops = setting.write_before_stops};
  const int exit = RunGrantctl(arguments, around);
  return {exit, out.str(), err.str()};
}

Json SampleRequest() {
  return Json::parse(R"({
    "id":"req_01JD","signer":"release","requester":"unix:alice","status":"open",
    "created_at":"2026-11-21T20:00:00Z","expires_at":"2026-11-22T20:00:00Z",
    "window":{"from":null,"until":null,"duration":"2h"},"signings":3,
    "justification":"Release v2.4.0","digests":[],"policy":"release-signing",
    "step":1,
    "steps":[{"name":"Security review","required":2,"approvers":["unix:bob","group:security"],
              "approved_by":["unix:bob"],"can_approve":["unix:carol","unix:dave"],
              "complete":false},
             {"name":"Management","required":1,"approvers":["unix:erin"],
              "approved_by":[],"can_approve":["unix:erin"],"complete":false}],
    "decisions":[{"step":1,"approver":"unix:bob","decision":"approve","comment":"looks good",
                  "at":"2026-11-21T20:05:00Z"}],
    "comments":[],"closed_reason":null,"grant_id":null,"has_secret":false})");
}

Json ApprovedRequest() {
  Json request = SampleRequest();
  request["status"] = "approved";
  request["step"] = nullptr;
  for (Json& step : request["steps"]) {
    step["can_approve"] = Json::array();
    step["complete"] = true;
  }
  request["grant_id"] = "grt_01JD";
  return request;
}

Json SampleGrant() {
  return Json::parse(R"({
    "id":"grt_01JD","request_id":"req_01JD","signer":"release","holder":"unix:alice",
    "status":"active","not_before":"2026-11-21T20:00:00Z","not_after":"2026-11-21T22:00:00Z",
    "max_signings":3,"used":1,"digests":[],
    "revoked_by":null,"revoked_at":null,"revoke_reason":null,"has_secret":false})");
}

Json SampleRefusal() {
  return Json::parse(R"json({
    "number":41,"at":"2026-11-21T20:08:00Z","event":"signature.refused","actor":"unix:alice",
    "subject":"grt_01JD","signer":"release",
    "detail":{"cause":"used-up","hint":"grantctl request create release --signings 3",
              "mechanism":"SHA256-RSA-PKCS","message":"grant grt_01JD is used up (3 of 3)"},
    "hash":"aa"
})json");
}

}  // namespace grant::ctl
