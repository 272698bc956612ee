// What the caller is and has to do with.
#include <algorithm>

#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/page.h"
#include "grantd/api/response.h"

namespace grant::api {
namespace {

// Signers and policies are listed by name, whatever their order in rules that may change between
// two pages.
template <typename T>
Result<HttpResponse> PageByName(const Call& call, std::vector<T> items, Json (*render)(const T&)) {
  GRANT_TRY(const size_t limit, ReadLimit(call));
  GRANT_TRY(const std::string last, ReadCursor(call));
  std::erase_if(items, [&](const T& item) { return item.name <= last; });
  std::sort(items.begin(), items.end(), [](const T& a, const T& b) { return a.name < b.name; });
  return PageOf(
      call, items.size(), limit, [&](size_t i) { return render(items[i]); },
      [&](size_t i) { return items[i].name; });
}

}  // namespace

Result<HttpResponse> Whoami(const Services& services, const Call& call) {
  GRANT_TRY(const Standing standing, services.workflow.StandingOf(call.caller()));
  return Answer({{"principal", call.caller().principal.text()},
                 {"groups", TextsJson(call.caller().groups)},
                 {"admin", standing.admin},
                 {"auditor", standing.auditor},
                 {"signers", standing.signers},
                 {"approves", standing.policies}});
}

// That it answers shows that grantd lives; that it lives on, that the database takes writes.
Result<HttpResponse> Health(const Services& services, const Call& /*call*/) {
  if (services.stalled && services.stalled()) {
    return Fail(Code::kUnavailable, "the database takes no writes",
                "see grantd's log and the disk that holds state_dir");
  }
  std::vector<TokenPresence> presences = services.tokens();
  bool all_present = std::all_of(presences.begin(), presences.end(),
                                 [](const TokenPresence& each) { return each.present; });
  Json tokens = Json::array();
  for (const TokenPresence& each : presences) {
    tokens.push_back({{"name", each.name}, {"present", each.present}});
  }
  const bool well = all_present && !services.workflow.HasAlarm();
  return Answer({{"status", well ? "ok" : "degraded"},
                 {"version", GRANT_VERSION},
                 {"tokens", std::move(tokens)}});
}

Result<HttpResponse> Ready(const Services& services, const Call& /*call*/) {
  std::string reasons;
  for (const std::string& reason : services.why_not_ready()) {
    reasons += (reasons.empty() ? "" : "; ") + reason;
  }
  if (reasons.empty()) return Answer({{"ready", true}});
  return Fail(Code::kUnavailable, "not ready: " + reasons, "grantctl doctor");
}

Result<HttpResponse> ListSigners(const Services& services, const Call& call) {
  GRANT_TRY(const Rules rules, services.workflow.VisibleRules(call.caller()));
  return PageByName(call, rules.signers, SignerJson);
}

Result<HttpResponse> ShowSigner(const Services& services, const Call& call) {
  GRANT_TRY(const Rules rules, services.workflow.VisibleRules(call.caller()));
  const Signer* signer = rules.FindSigner(call.name);
  if (signer == nullptr) {
    return Fail(Code::kNotFound, "there is no signer '" + call.name + "' that you may see",
                "grantctl signer list");
  }
  return Answer(SignerJson(*signer));
}

Result<HttpResponse> ListPolicies(const Services& services, const Call& call) {
  GRANT_TRY(const Rules rules, services.workflow.VisibleRules(call.caller()));
  return PageByName(call, rules.policies, PolicyJson);
}

Result<HttpResponse> ShowPolicy(const Services& services, const Call& call) {
  GRANT_TRY(const Rules rules, services.workflow.VisibleRules(call.caller()));
  const Policy* policy = rules.FindPolicy(call.name);
  if (policy == nullptr) {
    return Fail(Code::kNotFound, "there is no policy '" + call.name + "' that you may see",
                "grantctl policy list");
  }
  return Answer(PolicyJson(*policy));
}

}  // namespace grant::api
