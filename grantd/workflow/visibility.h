// Who may see what, and the lookup of IDs by unique prefix.
#pragma once

#include <optional>
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

// Who looks: `overseer` where they see everything.
struct Viewer {
  const Identity& identity;
  bool overseer = false;
};

// The same for lists; nothing for an overseer. It reads every policy that was ever filed under, so
// it is nothing for a write.
Result<std::optional<Sight>> SightOf(Tables& tables, const Rules& rules, const Viewer& viewer);

// The one request, or grant, that the viewer may see and whose ID is `id` or begins with it: what
// they may not see makes no difference. Errors: kNotFound, kConflict (several). A whole ID is
// quick.
Result<Request> VisibleRequest(Tables& tables, const Rules& rules, const Viewer& viewer,
                               const std::string& id);
Result<Grant> VisibleGrant(Tables& tables, const Rules& rules, const Viewer& viewer,
                           const std::string& id);

Error NoSuchRequest(const std::string& id);
Error NoSuchGrant(const std::string& id);

}  // namespace grant
