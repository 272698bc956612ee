// Who may decide on a step, by name: groups resolved to the people in them.
#pragma once

#include <vector>

#include "grantd/domain/request.h"
#include "grantd/domain/rules.h"

namespace grant {

// More than anybody wants notified of one request.
inline constexpr size_t kPeopleMax = 256;

// Everybody who may approve the step now, each once and at most kPeopleMax: no machine, no auditor,
// and not the requester where the policy is against self-approval.
std::vector<Principal> ApproversOf(const Request& request, size_t step, const Rules& rules,
                                   const MembersOf& members_of,
                                   const std::vector<Principal>& auditors = {});

}  // namespace grant
