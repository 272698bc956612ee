// Requests for people.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "tools/grantctl/humanize.h"
#include "tools/grantctl/json.h"
#include "tools/grantctl/output.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {

// "/v1/requests/ID/approve"; of all requests where there is no ID.
std::string RequestPath(const std::string& id = {}, const std::string& verb = {});

Colour ColourOfRequest(const std::string& status);

// What of the content that a grant is bound to: digests, each with the name of its file if it has
// one; "any" where it is bound to none.
std::string ContentText(const Json& object);

// "2h from approval", or the two instants; and what approvers left of it.
std::string WindowText(const Json& request);

// What a grant of the request could have at most, after what approvers took away. The window is
// nothing where grantd tells none that can be read.
int64_t SigningsLeft(const Json& request);
std::optional<std::chrono::seconds> WindowLeft(const Json& request);

// "Mon-Fri 08:00-18:00 (Europe/Berlin), closed now, open from ...": the API's hours; empty where
// there are none.
std::string HoursText(const Json& hours, Instant now);

// What an open request waits for: "step 1 of 2, Security review: 0 of 1 approvals; can approve:
// group:security".
std::string WaitingText(const Json& request);

// One sentence on how the request stands, without its ID: "is approved: grant grt_01H...".
std::string StandingText(const Json& request, Instant now);

// The request's ID and how it stands, which is what people want to know after a decision; the
// object as JSON, its ID as a name.
void PrintStanding(Context& context, const Json& request);

std::string RequestTable(const Json& requests, bool wide, bool colour, Instant now);
std::string RequestBlock(const Json& request, bool colour, Instant now);

}  // namespace grant::ctl
