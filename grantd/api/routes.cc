#include "grantd/api/routes.h"

#include <array>
#include <optional>

#include "grantd/api/handlers.h"

namespace grant::api {
namespace {

// Whether `path` is one of `pattern`'s; the value of its variable, empty where it has none.
std::optional<std::string> MatchPath(std::string_view pattern, std::string_view path) {
  size_t open = pattern.find('{');
  if (open == std::string_view::npos) {
    return pattern == path ? std::optional<std::string>("") : std::nullopt;
  }
  std::string_view before = pattern.substr(0, open);
  std::string_view after = pattern.substr(pattern.find('}') + 1);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after)) {
    return std::nullopt;
  }
  path.remove_prefix(before.size());
  path.remove_suffix(after.size());
  if (path.find('/') != std::string_view::npos) return std::nullopt;
  return std::string(path);
}

}  // namespace

std::span<const Route> Routes() {
  using enum Access;
  using enum BodyUse;
  // Where a fixed path and a variable one both match, the fixed one stands first.
  static const std::array kRoutes{
      Route{"GET", "/v1/whoami", kEveryone, kNone, {}, Whoami},
      Route{"GET", "/v1/health", kEveryone, kNone, {}, Health},
      Route{"GET", "/v1/ready", kEveryone, kNone, {}, Ready},
      Route{"GET", "/v1/doctor", kOverseer, kNone, {}, Doctor},
      Route{"GET", "/v1/metrics", kOverseer, kNone, {}, Metrics},
      Route{"GET", "/v1/rules", kOverseer, kNone, {}, ShowRules},
      Route{"POST", "/v1/rules", kAdmin, kRequired, {}, ApplyRules, true},
      Route{"GET", "/v1/rules/history", kOverseer, kNone, {"limit", "cursor"}, RulesHistory},
      Route{"GET", "/v1/rules/diff", kOverseer, kNone, {"from", "to"}, CompareRules},
      Route{"GET", "/v1/rules/{version}", kOverseer, kNone, {}, ShowRulesVersion},
      Route{"GET", "/v1/signers", kEveryone, kNone, {"limit", "cursor"}, ListSigners},
      Route{"GET", "/v1/signers/{name}", kEveryone, kNone, {}, ShowSigner},
      Route{"GET", "/v1/signers/{name}/check", kOverseer, kNone, {}, CheckSigner},
      Route{"GET", "/v1/signers/{name}/certificate", kEveryone, kNone, {}, ShowCertificate},
      Route{"POST", "/v1/signers/{name}/certificate", kAdmin, kRequired, {}, SetCertificate},
      Route{"POST", "/v1/keys", kAdmin, kRequired, {}, GenerateKey},
      Route{"POST", "/v1/keys/csr", kAdmin, kRequired, {}, RequestCertificate},
      Route{"GET", "/v1/policies", kEveryone, kNone, {"limit", "cursor"}, ListPolicies},
      Route{"POST", "/v1/policies/test", kEveryone, kRequired, {}, TestPolicy},
      Route{"GET", "/v1/policies/{name}", kEveryone, kNone, {}, ShowPolicy},
      Route{"GET",
            "/v1/requests",
            kEveryone,
            kNone,
            {"status", "signer", "requester", "since", "awaiting", "limit", "cursor"},
            ListRequests},
      Route{"POST", "/v1/requests", kParticipant, kRequired, {}, FileRequest},
      Route{"GET", "/v1/requests/{id}", kEveryone, kNone, {}, ShowRequest},
      Route{"POST", "/v1/requests/{id}/approve", kParticipant, kOptional, {}, ApproveRequest, true},
      Route{"POST", "/v1/requests/{id}/reject", kParticipant, kOptional, {}, RejectRequest, true},
      Route{"POST", "/v1/requests/{id}/cancel", kParticipant, kOptional, {}, CancelRequest, true},
      Route{"POST", "/v1/requests/{id}/comment", kParticipant, kRequired, {}, CommentOnRequest},
      Route{"GET",
            "/v1/grants",
            kEveryone,
            kNone,
            {"signer", "holder", "status", "since", "limit", "cursor"},
            ListGrants},
      Route{"GET", "/v1/grants/{id}", kEveryone, kNone, {}, ShowGrant},
      Route{"POST", "/v1/grants/{id}/revoke", kParticipant, kRequired, {}, RevokeGrant, true},
      Route{"POST", "/v1/grants/{id}/release", kParticipant, kOptional, {}, ReleaseGrant, true},
      Route{"GET",
            "/v1/audit",
            kOverseer,
            kNone,
            {"event", "subject", "signer", "actor", "limit", "cursor"},
            ListAudit},
      Route{"GET", "/v1/audit/verify", kOverseer, kNone, {}, VerifyAudit},
      Route{"POST", "/v1/audit/acknowledge", kAdmin, kRequired, {}, AcknowledgeAlarms},
      Route{"POST", "/v1/backups", kAdmin, kOptional, {}, MakeBackup},
      Route{"GET", "/v1/seal", kOverseer, kNone, {}, ShowSeal},
      Route{"POST", "/v1/seal", kAdmin, kRequired, {}, CloseSeal},
      Route{"POST", "/v1/unseal", kAdmin, kOptional, {}, OpenSeal},
      Route{"POST", "/v1/tokens/{name}/pin", kAdmin, kSecret, {"after_wrong_pin"}, GivePin},
      Route{"GET", "/v1/explain", kEveryone, kNone, {}, Explain},
      Route{"GET", "/v1/explain/{id}", kEveryone, kNone, {}, Explain},
  };
  return kRoutes;
}

Match FindRoute(std::string_view method, std::string_view path) {
  Match match;
  for (const Route& route : Routes()) {
    auto name = MatchPath(route.path, path);
    if (!name) continue;
    if (route.method == method) {
      match.route = &route;
      match.name = *std::move(name);
      return match;
    }
    if (!match.allowed.empty()) match.allowed += ", ";
    match.allowed += route.method;
    if (route.method == "GET") match.allowed += ", HEAD";
  }
  return match;
}

}  // namespace grant::api
