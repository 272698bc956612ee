// The `detail` of audit entries.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

#include "grantd/domain/audit.h"
#include "grantd/domain/grant.h"
#include "grantd/domain/request.h"

namespace grant {

// Compact JSON with sorted keys; text that is not UTF-8 is replaced, never refused.
std::string Detail(const nlohmann::json& detail);

AuditEvent EventOf(std::string_view event, const Request& request, const Principal& actor, Time now,
                   const std::string& detail);
// Says what an approval left of its request, where it left less.
void AddNarrowing(nlohmann::json& detail, const Narrowing& narrowing);
std::string FilingDetail(const Request& request);
std::string IssueDetail(const Grant& grant);

}  // namespace grant
