// The hours of a week in which something is allowed: "Mon-Fri 08:00-18:00".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/time.h"
#include "grantd/domain/time_zone.h"

namespace grant {

// On each of the days from `first_day` to `last_day`, over the end of the week where that lies
// between them, from `begin` until just before `end`; on to the next day where `end` is the earlier
// one.
struct WeeklySpan {
  uint32_t first_day = 0;  // 0: Monday
  uint32_t last_day = 0;
  uint32_t begin = 0;  // minutes of a day
  uint32_t end = 0;    // at most 24:00

  // "Mon-Fri 08:00-18:00", "Sat 09:00-12:00", "Mon-Sun 22:00-06:00"
  static Result<WeeklySpan> Parse(std::string_view text);
  std::string text() const;
  bool operator==(const WeeklySpan&) const = default;
};

inline constexpr size_t kWeeklySpansMax = 32;

// Local time, as the zone's clocks show it; without any spans every hour is one of them.
struct WeeklyHours {
  std::vector<WeeklySpan> spans;
  std::string time_zone;  // "Europe/Berlin"

  bool Always() const { return spans.empty(); }
  std::string text() const;  // "Mon-Fri 08:00-18:00, Sat 09:00-12:00 (Europe/Berlin)"
  bool operator==(const WeeklyHours&) const = default;
};

bool Contain(const WeeklyHours& hours, const TimeZone& zone, Time at);

// The first instant from `from` on that the hours contain, if it is before `until`.
std::optional<Time> FirstWithin(const WeeklyHours& hours, const TimeZone& zone, Time from,
                                Time until);

// "Sat 11:02", as the zone's clocks show it.
std::string LocalText(const TimeZone& zone, Time at);

}  // namespace grant
