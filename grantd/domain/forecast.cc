#include "grantd/domain/forecast.h"

#include <algorithm>

namespace grant {
namespace {

StepForecast ForeseeStep(const Step& step, const Policy& policy, const Rules& rules,
                         const Principal& requester, const Reach& auditing,
                         const MembersOf& members_of) {
  StepForecast forecast{step.name, step.required, {}, {}, {}};
  Reach reach = ReachOf(rules, step.approvers, members_of);
  forecast.unknown = std::move(reach.unknown);
  std::erase_if(forecast.unknown, [&](const Principal& group) { return auditing.Holds(group); });
  for (Reached& reached : reach.people) {
    const auto leave_out = [&](LeftOutBecause reason) {
      forecast.left_out.push_back({reached.person, reason});
    };
    if (rules.IsMachine(reached.person)) {
      leave_out(LeftOutBecause::kMachine);
    } else if (auditing.Holds(reached.person)) {
      leave_out(LeftOutBecause::kAuditor);
    } else if (!policy.self_approval && reached.person == requester) {
      leave_out(LeftOutBecause::kSelfApproval);
    } else {
      forecast.approvers.push_back(std::move(reached));
    }
  }
  return forecast;
}

// Files the request without keeping it.
Status ForeseeFiling(const Wish& wish, const Rules& rules, const Identity& requester, Time now,
                     const ForecastLookups& lookups, Forecast& forecast) {
  if (requester.IsAny(lookups.auditors)) {
    return Fail(Code::kForbidden,
                requester.principal.text() + " is an auditor, and auditors change nothing",
                "auditors are named by auditors in grantd.toml");
  }
  GRANT_TRY(const Request request, FileRequest(wish, rules, requester, now, ""));
  const bool bypass = BypassesApproval(request, rules);
  GRANT_CHECK(CheckWindowMeetsHours(request, bypass, now, lookups.zone_of));
  forecast.bypass = bypass;
  if (!bypass) forecast.expires_at = request.expires_at;
  return {};
}

}  // namespace

const char* Name(LeftOutBecause reason) {
  switch (reason) {
    case LeftOutBecause::kSelfApproval:
      return "self-approval";
    case LeftOutBecause::kMachine:
      return "machine";
    case LeftOutBecause::kAuditor:
      return "auditor";
  }
  return "unknown";
}

const char* Forecast::outcome() const {
  if (refusal) return "refused";
  if (bypass) return "approved-at-once";
  const bool completable = std::all_of(steps.begin(), steps.end(),
                                       [](const StepForecast& step) { return step.completable(); });
  return completable ? "needs-approval" : "never-approved";
}

Forecast Foresee(Wish wish, const Rules& rules, const Identity& requester, Time now,
                 const ForecastLookups& lookups) {
  Forecast forecast;
  forecast.signer = wish.signer;
  forecast.requester = requester.principal;
  forecast.machine = rules.IsMachine(requester.principal);
  const Signer* signer = rules.FindSigner(wish.signer);
  const Policy* policy = signer == nullptr ? nullptr : rules.FindPolicy(signer->policy);
  if (policy != nullptr) {
    forecast.policy = policy->name;
    const Reach auditing = ReachOf(rules, lookups.auditors, lookups.members_of);
    for (const Step& step : policy->steps) {
      forecast.steps.push_back(
          ForeseeStep(step, *policy, rules, requester.principal, auditing, lookups.members_of));
    }
    forecast.hours = ForeseeHours(policy->hours, now, lookups.zone_of);
    if (wish.justification.empty()) {
      wish.justification = std::string(std::max(policy->min_justification, 1U), 'x');
    }
  }
  if (Status filed = ForeseeFiling(wish, rules, requester, now, lookups, forecast); !filed) {
    forecast.refusal = std::move(filed.error());
  }
  return forecast;
}

}  // namespace grant
