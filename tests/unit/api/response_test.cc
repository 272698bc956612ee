#include "grantd/api/response.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace grant::api {
namespace {

using nlohmann::json;

struct Row {
  Code code;
  int status;
  const char* name;
};

TEST(Problem, EachCodeHasItsStatusAndName) {
  for (const Row& row :
       {Row{Code::kInvalid, 400, "invalid"}, Row{Code::kUnauthenticated, 401, "unauthenticated"},
        Row{Code::kForbidden, 403, "forbidden"}, Row{Code::kNotFound, 404, "not-found"},
        Row{Code::kConflict, 409, "conflict"}, Row{Code::kStale, 412, "stale"},
        Row{Code::kTooLarge, 413, "too-large"}, Row{Code::kInternal, 500, "internal"},
        Row{Code::kUnavailable, 503, "unavailable"}, Row{Code::kTimeout, 504, "timeout"}}) {
    HttpResponse response = Problem({row.code, "what", "do this"});
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(json::parse(response.body)["status"], row.status);
    EXPECT_EQ(json::parse(response.body)["code"], row.name);
    EXPECT_STRNE(Reason(row.status), "");
  }
}

TEST(Problem, IsAnRfc9457DocumentInTheDocumentedOrder) {
  HttpResponse response = Problem({Code::kForbidden, "no", "ask"});
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"about:blank","title":"Forbidden","status":403,"code":"forbidden",)"
            R"("detail":"no","hint":"ask"})");
}

TEST(Problem, LeavesOutAHintThatIsNotThere) {
  EXPECT_FALSE(json::parse(Problem({Code::kConflict, "no", ""}).body).contains("hint"));
}

TEST(Problem, SurvivesTextThatIsNotUtf8) {
  HttpResponse response = Problem({Code::kInvalid, "bad \xff\xfe byte", ""});
  EXPECT_TRUE(json::accept(response.body));
}

TEST(Problem, MethodNotAllowedNamesTheOthers) {
  HttpResponse response = MethodNotAllowed("PUT", "/v1/rules", "GET, POST");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.allow, "GET, POST");
  json problem = json::parse(response.body);
  EXPECT_EQ(problem["code"], "method-not-allowed");
  EXPECT_EQ(problem["detail"], "'/v1/rules' does not take PUT, only GET, POST");
}

TEST(Problem, UnsupportedMediaTypeSaysWhatToSend) {
  for (const auto& [type, detail] :
       {std::pair<std::string, std::string>{"", "the body is not declared to be JSON"},
        {"text/plain", "the body is declared to be 'text/plain', not JSON"}}) {
    HttpResponse response = UnsupportedMediaType(type);
    EXPECT_EQ(response.status, 415);
    json problem = json::parse(response.body);
    EXPECT_EQ(problem["code"], "unsupported-media-type");
    EXPECT_EQ(problem["detail"], detail);
    EXPECT_EQ(problem["hint"], "send it with 'Content-Type: application/json'");
  }
}

TEST(Answer, IsTaggedByWhatItSays) {
  EXPECT_EQ(AnswerTagged({{"a", 1}}).etag, AnswerTagged({{"a", 1}}).etag);
  EXPECT_NE(AnswerTagged({{"a", 1}}).etag, AnswerTagged({{"a", 2}}).etag);
  EXPECT_EQ(Answer({{"a", 1}}).etag, "");
}

TEST(Answer, CreatedIs201) {
  EXPECT_EQ(Created({{"a", 1}}).status, 201);
  EXPECT_EQ(Answer({{"a", 1}}).status, 200);
}

}  // namespace
}  // namespace grant::api
