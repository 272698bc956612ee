#include "grantd/domain/request_hours.h"

#include <algorithm>

namespace grant {

Result<std::shared_ptr<const TimeZone>> ZoneOfHours(const WeeklyHours& hours,
                                                    const ZoneOf& zone_of) {
  auto zone = zone_of ? zone_of(hours.time_zone) : nullptr;
  if (zone) return zone;
  return Fail(Code::kUnavailable,
              "the time zone '" + hours.time_zone + "' is not known on the machine of grantd",
              "install the package tzdata and start grantd anew");
}

Status CheckWindowMeetsHours(const Request& request, bool approved_now, Time now,
                             const ZoneOf& zone_of) {
  const WeeklyHours& hours = request.policy.hours;
  if (hours.Always()) return {};
  GRANT_TRY(const auto zone, ZoneOfHours(hours, zone_of));
  const Window& window = request.window;
  const Time from = std::max(window.from.value_or(now), now);
  const Time last_start = approved_now ? now : request.expires_at;
  const Time until =
      window.until ? *window.until : last_start + window.duration.value_or(Duration(0));
  if (FirstWithin(hours, *zone, from, until)) return {};
  const auto opening = FirstWithin(hours, *zone, from, Time::max());
  return Fail(Code::kInvalid,
              "the window lies wholly outside the hours of policy '" + request.policy.name +
                  "': " + hours.text(),
              opening ? "ask for one that reaches " + FormatTime(*opening) + ", when they begin"
                      : "ask an administrator to look at the hours of the policy");
}

}  // namespace grant
