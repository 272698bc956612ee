// Who may see what, and the lookup of IDs by unique prefix.
#pragma once

#include <string>

#include "grantd/domain/request.h"
#include "grantd/domain/rules.h"
#include "grantd/store/tables.h"

namespace grant {

// Whether the caller may approve at least one step of the policy.
bool ApprovesFor(const Policy& policy, const Rules& rules, const Identity& caller);

// Requesters see their own requests, approvers those of their policies.
bool MaySee(const Request& request, const Rules& rules, const Identity& caller);

// The request without the auditors that its steps name as approvers: it is shown to people who want
// to know whom to ask.
Request WithoutAuditors(Request request, const std::vector<Principal>& auditors);

// Whether the caller may decide on the request's step at `now` and has not done so.
bool Awaits(const Request& request, const Progress& progress, const Rules& rules,
            const Identity& caller, Time now);

// The one request, or grant, whose ID begins with `prefix`. Errors: kInvalid (not an ID),
// kNotFound, kConflict (several).
Result<Request> RequestByPrefix(Tables& tables, const std::string& prefix);
Result<Grant> GrantByPrefix(Tables& tables, const std::string& prefix);

Error NoSuchRequest(const std::string& id);
Error NoSuchGrant(const std::string& id);

}  // namespace grant
