// Whether a request asks for time in which signatures may be made at all.
#pragma once

#include "grant/error.h"
#include "grantd/domain/request.h"
#include "grantd/domain/time_zone.h"

namespace grant {

// kInvalid where the window of a new request lies wholly outside the hours of its policy. A window
// that begins with the approval may begin until the request expires, unless it is `approved_now`.
Status CheckWindowMeetsHours(const Request& request, bool approved_now, Time now,
                             const ZoneOf& zone_of);

// The zone that the hours name, or kUnavailable where the system does not know it (any more).
Result<std::shared_ptr<const TimeZone>> ZoneOfHours(const WeeklyHours& hours,
                                                    const ZoneOf& zone_of);

}  // namespace grant
