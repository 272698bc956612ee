// What would become of a request if somebody filed it now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "grantd/domain/reach.h"
#include "grantd/domain/request.h"
#include "grantd/domain/request_hours.h"
#include "grantd/domain/time_zone.h"

namespace grant {

// Why somebody whom a step names cannot approve this request.
enum class LeftOutBecause { kSelfApproval, kMachine, kAuditor };
const char* Name(LeftOutBecause reason);  // "self-approval"

struct LeftOut {
  Principal person;
  LeftOutBecause reason;
  bool operator==(const LeftOut&) const = default;
};

struct StepForecast {
  std::string name;
  uint32_t required = 1;
  std::vector<Reached> approvers;  // everybody who could approve, and how they are reached
  std::vector<LeftOut> left_out;
  std::vector<Principal> unknown;  // groups whose members nobody can say

  bool completable() const { return !unknown.empty() || approvers.size() >= required; }
};

struct Forecast {
  std::string signer;
  std::string policy;  // empty where the signer has none
  Principal requester;
  bool machine = false;
  std::optional<Error> refusal;  // of the filing
  bool bypass = false;           // the request is approved at once
  std::optional<Time> expires_at;
  std::vector<StepForecast> steps;
  std::optional<HoursForecast> hours;  // where the policy has any

  const char* outcome() const;  // "refused", "approved-at-once", "needs-approval", "never-approved"
};

// What is known beside the rules.
struct ForecastLookups {
  MembersOf members_of;
  ZoneOf zone_of;
  std::vector<Principal> auditors;
};

// A wish without justification stands for one whose justification is long enough.
Forecast Foresee(Wish wish, const Rules& rules, const Identity& requester, Time now,
                 const ForecastLookups& lookups);

}  // namespace grant
