// Whether a request asks for time in which signatures may be made at all.
#pragma once

#include <optional>

#include "grant/error.h"
#include "grantd/domain/request.h"
#include "grantd/domain/time_zone.h"

namespace grant {

struct HoursForecast {
  WeeklyHours hours;
  bool open_now = false;
  std::optional<Time> opens_at;  // where they are closed now
};

// Nothing where every hour is one of them.
std::optional<HoursForecast> ForeseeHours(const WeeklyHours& hours, Time now,
                                          const ZoneOf& zone_of);

// The hours in force for a signer, which bind its grants whatever they were when a request was
// filed.
WeeklyHours HoursOf(const Rules& rules, const std::string& signer);

// kInvalid where the window of a new request lies wholly outside the hours of its policy. A window
// that begins with the approval may begin until the request expires, unless it is `approved_now`.
Status CheckWindowMeetsHours(const Request& request, bool approved_now, Time now,
                             const ZoneOf& zone_of);

// kConflict where an approval made at `now` leads nowhere: it issues a grant that can never be
// used, because it would be valid outside the hours of its signer alone, or leaves so short a
// window that no later approval can issue another. What would help is in the hint.
Status CheckApprovalMeetsHours(const Approval& approval, const Rules& rules, Time now,
                               const ZoneOf& zone_of);

// When the grant of an approved request can first be used, if that is later than now.
std::optional<Time> UsableFrom(const Request& request, const Rules& rules, Time now,
                               const ZoneOf& zone_of);

// The zone that the hours name, or kUnavailable where the system does not know it (any more).
Result<std::shared_ptr<const TimeZone>> ZoneOfHours(const WeeklyHours& hours,
                                                    const ZoneOf& zone_of);

}  // namespace grant
