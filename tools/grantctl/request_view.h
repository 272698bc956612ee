// Requests for people.
#pragma once

#include <string>

#include "tools/grantctl/humanize.h"
#include "tools/grantctl/json.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {

Colour ColourOfRequest(const std::string& status);

// "2h from approval", or the two instants.
std::string WindowText(const Json& request);

// What an open request waits for: "step 1 of 2, Security review: 0 of 1 approvals; can approve:
// group:security".
std::string WaitingText(const Json& request);

// One sentence on how the request stands, without its ID: "is approved: grant grt_01H...".
std::string StandingText(const Json& request, Instant now);

std::string RequestTable(const Json& requests, bool wide, bool colour, Instant now);
std::string RequestBlock(const Json& request, bool colour, Instant now);

}  // namespace grant::ctl
