#include "grantd/api/api.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"
#include "grantd/log/log.h"

namespace grant::api {
namespace {

constexpr const char* kJsonType = "application/json";
constexpr const char* kBytesType = "application/octet-stream";

// A media type's name is case-insensitive, and parameters may follow it.
bool IsOfType(std::string_view content_type, std::string_view wanted) {
  std::string_view name = content_type.substr(0, content_type.find(';'));
  while (name.ends_with(' ')) name.remove_suffix(1);
  return std::equal(name.begin(), name.end(), wanted.begin(), wanted.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

Result<nlohmann::json> ReadBody(BodyUse use, const HttpRequest& request) {
  if (use == BodyUse::kSecret && !request.body.empty()) return nlohmann::json::object();
  if (!request.body.empty()) return ParseObject(request.body);
  if (use == BodyUse::kNone || use == BodyUse::kOptional) return nlohmann::json::object();
  return Fail(Code::kInvalid, request.method + " '" + request.path + "' needs a body");
}

Result<IfMatch> ReadIfMatch(const Route& route, const HttpRequest& request) {
  if (request.if_match && !route.takes_if_match) {
    return Fail(Code::kInvalid, request.method + " '" + request.path + "' takes no If-Match",
                "send it to what changes a request, a grant or the rules");
  }
  return IfMatch::Parse(request.if_match);
}

Status CheckAccess(const Workflow& workflow, Access access, const Identity& caller) {
  switch (access) {
    case Access::kEveryone:
      return {};
    case Access::kParticipant:
      return workflow.RequireParticipant(caller);
    case Access::kOverseer:
      return workflow.RequireOverseer(caller);
    case Access::kAdmin:
      break;
  }
  return workflow.RequireAdmin(caller);
}

Status CheckQuery(const Route& route, const HttpRequest& request) {
  for (const auto& [key, value] : request.query) {
    if (std::find(route.query.begin(), route.query.end(), key) == route.query.end()) {
      return tl::unexpected(UnknownName("query key", key, route.query));
    }
  }
  return {};
}

}  // namespace

HttpResponse Api::Handle(const HttpRequest& request) const {
  auto start = std::chrono::steady_clock::now();
  HttpResponse response = Dispatch(request);
  std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
  const std::string& caller = request.peer.identity.principal.text();
  log::Event(log::Level::kInfo, "api.request",
             fmt::format("api: {} {} {} {} {:.1f} ms", request.method, request.path,
                         response.status, caller, taken.count()),
             {{"method", request.method},
              {"path", request.path},
              {"status", int64_t{response.status}},
              {"caller", caller},
              {"duration_ms", taken.count()}});
  if (IsServerFault(response.status)) {
    spdlog::error("api: {} {}: {}", request.method, request.path, response.body);
  } else if (IsUnavailable(response.status)) {
    // No fault of the API's; probes ask again and again.
    spdlog::warn("api: {} {}: {}", request.method, request.path, response.body);
  }
  return response;
}

HttpResponse Api::Dispatch(const HttpRequest& request) const {
  Match match = FindRoute(request.method, request.path);
  if (match.route == nullptr) {
    if (!match.allowed.empty()) {
      return MethodNotAllowed(request.method, request.path, match.allowed);
    }
    return Problem({Code::kNotFound, "there is no route '" + request.path + "'", {}});
  }
  auto response = Serve(match, request);
  return response ? *std::move(response) : Problem(response.error());
}

Result<HttpResponse> Api::Serve(const Match& match, const HttpRequest& request) const {
  const Route& route = *match.route;
  const Identity& caller = request.peer.identity;
  if (caller.principal.empty()) return Fail(Code::kUnauthenticated, "nobody known is asking");
  // Rights first: whoever has none learns nothing about the rest.
  GRANT_CHECK(CheckAccess(services_.workflow, route.access, caller));
  GRANT_CHECK(CheckQuery(route, request));
  if (!request.body.empty()) {
    if (route.body == BodyUse::kNone) {
      return Fail(Code::kInvalid, request.method + " '" + request.path + "' takes no body");
    }
    const std::string wanted = route.body == BodyUse::kSecret ? kBytesType : kJsonType;
    if (!IsOfType(request.content_type, wanted)) {
      return UnsupportedMediaType(request.content_type, wanted);
    }
  }
  GRANT_TRY(IfMatch if_match, ReadIfMatch(route, request));
  GRANT_TRY(const nlohmann::json body, ReadBody(route.body, request));
  return route.handler(services_, Call{request, match.name, body, std::move(if_match)});
}

}  // namespace grant::api
