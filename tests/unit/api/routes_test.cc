// The whole table: who gets in, and what each route makes of nonsense.
#include "grantd/api/routes.h"

#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::HasSubstr;

std::string Concrete(std::string_view pattern) {
  std::string path(pattern);
  size_t open = path.find('{');
  if (open != std::string::npos) path.replace(open, path.find('}') - open + 1, "req_0");
  return path;
}

class RoutesTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }

  // A problem document that names its code.
  static void ExpectProblem(const Reply& reply, int status, const char* code) {
    EXPECT_EQ(reply.status, status) << reply.text;
    EXPECT_EQ(reply.json["status"], status) << reply.text;
    EXPECT_EQ(reply.json["code"], code) << reply.text;
    EXPECT_NE(reply.json["detail"], "") << reply.text;
  }
};

TEST_F(RoutesTest, EveryRouteIsFoundByItsOwnPath) {
  ASSERT_FALSE(Routes().empty());
  for (const Route& route : Routes()) {
    Match match = FindRoute(route.method, Concrete(route.path));
    EXPECT_EQ(match.route, &route) << route.path;
  }
}

TEST_F(RoutesTest, OnlyTheDocumentedRoutesAreForAdministratorsAndAuditors) {
  std::map<Access, std::vector<std::string>> routes;
  for (const Route& route : Routes()) {
    routes[route.access].push_back(std::string(route.method) + " " + std::string(route.path));
  }
  EXPECT_THAT(
      routes[Access::kAdmin],
      testing::ElementsAre("POST /v1/rules", "POST /v1/signers/{name}/certificate", "POST /v1/keys",
                           "POST /v1/keys/csr", "POST /v1/audit/acknowledge", "POST /v1/backups",
                           "POST /v1/seal", "POST /v1/unseal", "POST /v1/tokens/{name}/pin"));
  EXPECT_THAT(routes[Access::kOverseer],
              testing::UnorderedElementsAre(
                  "GET /v1/doctor", "GET /v1/metrics", "GET /v1/rules", "GET /v1/rules/history",
                  "GET /v1/rules/diff", "GET /v1/rules/{version}", "GET /v1/signers/{name}/check",
                  "GET /v1/audit", "GET /v1/audit/verify", "GET /v1/seal"));
}

TEST_F(RoutesTest, AdministratorsRoutesRefuseEverybodyElseWithoutEffect) {
  const size_t entries = AuditEntries();
  const std::string rules = Get("root", "/v1/rules").text;
  for (const Route& route : Routes()) {
    if (route.access != Access::kAdmin && route.access != Access::kOverseer) continue;
    for (const char* user : {"alice", "bob", "mallory"}) {
      for (const std::string& body : {std::string(), std::string("garbage"),
                                      nlohmann::json{{"document", ""}, {"source", "x"}}.dump()}) {
        ExpectProblem(Send(user, std::string(route.method), Concrete(route.path), body), 403,
                      "forbidden");
      }
    }
  }
  EXPECT_EQ(AuditEntries(), entries);
  EXPECT_EQ(Get("root", "/v1/rules").text, rules);
}

TEST_F(RoutesTest, NoRouteAnswersSomebodyUnknown) {
  for (const Route& route : Routes()) {
    ExpectProblem(Send("", std::string(route.method), Concrete(route.path)), 401,
                  "unauthenticated");
  }
}

TEST_F(RoutesTest, NothingOfOthersIsShownOrChangedForAStranger) {
  const std::string request = FileRequest();
  const std::string grant = IssueGrant();
  const size_t entries = AuditEntries();
  const std::string before = Get("root", "/v1/requests").text + Get("root", "/v1/grants").text;
  const std::string body = nlohmann::json{{"comment", "x"}}.dump();
  const std::string text = nlohmann::json{{"text", "x"}}.dump();
  const std::string reason = nlohmann::json{{"reason", "x"}}.dump();
  for (const Route& route : Routes()) {
    size_t open = route.path.find("{id}");
    if (open == std::string_view::npos) continue;
    std::string path(route.path);
    path.replace(open, 4, path.find("grants") != std::string::npos ? grant : request);
    std::string sent = route.method == "GET"        ? std::string()
                       : path.ends_with("/comment") ? text
                       : path.ends_with("/revoke")  ? reason
                       : path.ends_with("/release") ? reason
                                                    : body;
    ExpectProblem(Send("mallory", std::string(route.method), path, sent), 404, "not-found");
  }
  for (const char* list : {"/v1/requests", "/v1/grants", "/v1/signers", "/v1/policies"}) {
    EXPECT_EQ(Get("mallory", list).json["items"].size(), 0U) << list;
  }
  EXPECT_EQ(AuditEntries(), entries);
  EXPECT_EQ(Get("root", "/v1/requests").text + Get("root", "/v1/grants").text, before);
}

TEST_F(RoutesTest, NonsenseIsTheCallersFaultOnEveryRoute) {
  const std::string deep = "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}";
  const std::vector<std::string> bodies{"garbage",
                                        "[]",
                                        "null",
                                        "\"x\"",
                                        "{",
                                        "{\"unheard-of\":1}",
                                        "{\"a\":1,\"a\":1}",
                                        deep,
                                        std::string("{\"a\":\"\xff\"}"),
                                        std::string("\0\0", 2)};
  const size_t entries = AuditEntries();
  for (const Route& route : Routes()) {
    for (const std::string& body : bodies) {
      Reply reply = Send("root", std::string(route.method), Concrete(route.path), body);
      if (route.body == BodyUse::kSecret) {
        ExpectProblem(reply, 415, "unsupported-media-type");
      } else {
        ExpectProblem(reply, 400, "invalid");
      }
    }
  }
  EXPECT_EQ(AuditEntries(), entries);
}

TEST_F(RoutesTest, EveryKeyOfEveryBodyIsChecked) {
  struct Body {
    const char* path;
    nlohmann::json good;
  };
  const std::vector<Body> bodies{
      {"/v1/rules",
       {{"document", kRulesToml},
        {"source", "r"},
        {"files", nlohmann::json::object()},
        {"dry_run", true}}},
      {"/v1/requests",
       {{"signer", "release"},
        {"signings", 1},
        {"window", {{"duration", "1h"}}},
        {"justification", "x"},
        {"digests", nlohmann::json::array()},
        {"files", nlohmann::json::array()},
        {"scopes", nlohmann::json::array()},
        {"secret", false},
        {"new", false}}},
      {"/v1/signers/release/certificate", {{"certificate", "x"}}},
      {"/v1/keys", {{"token", "prod"}, {"label", "new-key"}, {"type", "ec:p256"}}},
      {"/v1/keys/csr",
       {{"token", "prod"},
        {"label", "release-key"},
        {"subject", "CN=Release"},
        {"names", nlohmann::json::array()}}},
      {"/v1/policies/test",
       {{"signer", "release"},
        {"as", "unix:alice"},
        {"signings", 1},
        {"window", {{"duration", "1h"}}},
        {"justification", "x"}}},
      {"/v1/requests/req_0/approve", {{"comment", "x"}, {"signings", 1}, {"window", "1h"}}},
      {"/v1/requests/req_0/reject", {{"comment", "x"}}},
      {"/v1/requests/req_0/cancel", {{"comment", "x"}}},
      {"/v1/requests/req_0/comment", {{"text", "x"}}},
      {"/v1/grants/grt_0/revoke", {{"reason", "x"}}},
      {"/v1/grants/grt_0/release", {{"reason", "x"}}},
      {"/v1/audit/acknowledge", {{"reason", "x"}}},
      {"/v1/backups", nlohmann::json::object()},
      {"/v1/seal", {{"reason", "x"}}},
      {"/v1/unseal", nlohmann::json::object()}};
  size_t posts = 0;
  for (const Route& route : Routes()) {
    posts += route.method == "POST" && route.body != BodyUse::kSecret ? 1 : 0;
  }
  EXPECT_EQ(bodies.size(), posts);
  for (const Body& body : bodies) {
    for (const auto& member : body.good.items()) {
      // No key takes a list of numbers.
      nlohmann::json wrong = body.good;
      wrong[member.key()] = {1, 2};
      Reply reply = Post("root", body.path, wrong);
      ExpectProblem(reply, 400, "invalid");
      EXPECT_THAT(reply.json["detail"], HasSubstr("'" + member.key()));
    }
  }
}

TEST_F(RoutesTest, AnUnknownQueryKeyIsNamedOnEveryRoute) {
  for (const Route& route : Routes()) {
    Reply reply = Send("root", std::string(route.method), Concrete(route.path) + "?limt=3");
    ExpectProblem(reply, 400, "invalid");
    EXPECT_EQ(reply.json["detail"], "unknown query key 'limt'");
  }
  EXPECT_EQ(Get("root", "/v1/audit?limt=3").json["hint"], "did you mean 'limit'?");
}

TEST_F(RoutesTest, OtherMethodsAreNotAllowedAndTheAllowedOnesNamed) {
  for (const Route& route : Routes()) {
    for (const char* method : {"PUT", "DELETE", "PATCH", "OPTIONS", "BREW", "get", ""}) {
      Reply reply = Send("root", method, Concrete(route.path));
      ExpectProblem(reply, 405, "method-not-allowed");
      EXPECT_THAT(reply.allow, HasSubstr(std::string(route.method)));
      EXPECT_THAT(reply.json["detail"], HasSubstr(reply.allow));
    }
  }
  EXPECT_EQ(Send("root", "PUT", "/v1/requests").allow, "GET, HEAD, POST");
}

TEST_F(RoutesTest, WhatIsNotInTheTableIsNotFound) {
  for (const char* path :
       {"/", "/v1", "/v1/", "/v2/whoami", "/v1/whoami/", "/v1/requests/", "/v1/requests//approve",
        "/v1/requests/a/b", "/v1/requests/a/approve/", "/V1/whoami", "/v1/audit/verify/x"}) {
    ExpectProblem(Get("root", path), 404, "not-found");
  }
}

TEST_F(RoutesTest, ABodyMustBeDeclaredToBeJson) {
  const std::string body = Wish().dump();
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded",
                           "application/jsonx", "application/json5"}) {
    ExpectProblem(Send("alice", "POST", "/v1/requests", body, type), 415, "unsupported-media-type");
  }
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/json ;charset=utf-8"}) {
    EXPECT_EQ(Send("alice", "POST", "/v1/requests", body, type).status, 201) << type;
  }
}

}  // namespace
}  // namespace grant::api
