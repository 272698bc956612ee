#include "grantd/api/response.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "grantd/api/entity_tag.h"

namespace grant::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kOk = 200;
constexpr int kCreated = 201;
constexpr int kMethodNotAllowed = 405;
constexpr int kUnsupportedMediaType = 415;
constexpr int kInternal = 500;

struct Row {
  Code code;
  const char* name;
  int status;
  const char* reason;
};

constexpr std::array<Row, 10> kRows{{
    {Code::kInvalid, "invalid", 400, "Bad Request"},
    {Code::kUnauthenticated, "unauthenticated", 401, "Unauthorized"},
    {Code::kForbidden, "forbidden", 403, "Forbidden"},
    {Code::kNotFound, "not-found", 404, "Not Found"},
    {Code::kConflict, "conflict", 409, "Conflict"},
    {Code::kStale, "stale", 412, "Precondition Failed"},
    {Code::kTooLarge, "too-large", 413, "Content Too Large"},
    {Code::kUnavailable, "unavailable", 503, "Service Unavailable"},
    {Code::kTimeout, "timeout", 504, "Gateway Timeout"},
    {Code::kInternal, "internal", kInternal, "Internal Server Error"},
}};

const Row& RowOf(Code code) {
  const auto* row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& each) { return each.code == code; });
  return row == kRows.end() ? kRows.back() : *row;
}

// Messages may quote what the caller sent, so bytes that are not UTF-8 are replaced, never thrown
// on.
std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

HttpResponse ProblemDocument(int status, const char* code, const std::string& detail,
                             const std::string& hint) {
  Json json{{"type", "about:blank"},
            {"title", Reason(status)},
            {"status", status},
            {"code", code},
            {"detail", detail}};
  if (!hint.empty()) json["hint"] = hint;
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = Text(json);
  return response;
}

}  // namespace

HttpResponse Answer(const Json& json) {
  return AnswerText(Text(json));
}

HttpResponse Created(const Json& json) {
  HttpResponse response = Answer(json);
  response.status = kCreated;
  return response;
}

HttpResponse AnswerTagged(const Json& json) {
  HttpResponse response = Answer(json);
  response.etag = EntityTag(response.body);
  return response;
}

HttpResponse AnswerText(std::string json) {
  HttpResponse response;
  response.status = kOk;
  response.body = std::move(json);
  return response;
}

HttpResponse Problem(const Error& error) {
  const Row& row = RowOf(error.code);
  return ProblemDocument(row.status, row.name, error.message, error.hint);
}

HttpResponse MethodNotAllowed(const std::string& method, const std::string& path,
                              const std::string& allowed) {
  HttpResponse response =
      ProblemDocument(kMethodNotAllowed, "method-not-allowed",
                      "'" + path + "' does not take " + method + ", only " + allowed, {});
  response.allow = allowed;
  return response;
}

HttpResponse UnsupportedMediaType(const std::string& content_type, const std::string& wanted) {
  const std::string title = wanted == "application/json" ? "JSON" : wanted;
  return ProblemDocument(kUnsupportedMediaType, "unsupported-media-type",
                         content_type.empty()
                             ? "the body is not declared to be " + title
                             : "the body is declared to be '" + content_type + "', not " + title,
                         "send it with 'Content-Type: " + wanted + "'");
}

const char* CodeName(Code code) {
  return RowOf(code).name;
}

const char* Reason(int status) {
  if (status == kOk) return "OK";
  if (status == kCreated) return "Created";
  if (status == kMethodNotAllowed) return "Method Not Allowed";
  if (status == kUnsupportedMediaType) return "Unsupported Media Type";
  const auto* row = std::find_if(kRows.begin(), kRows.end(),
                                 [&](const Row& each) { return each.status == status; });
  return row == kRows.end() ? "" : row->reason;
}

bool IsServerFault(int status) {
  return status >= kInternal && !IsUnavailable(status);
}

bool IsUnavailable(int status) {
  return status == RowOf(Code::kUnavailable).status;
}

}  // namespace grant::api
