// Instants and spans of time: milliseconds, UTC. The domain never reads a clock.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "grant/error.h"

namespace grant {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

inline int64_t ToMillis(Time time) {
  return time.time_since_epoch().count();
}
inline Time FromMillis(int64_t millis) {
  return Time(Duration(millis));
}

// RFC 3339 in UTC: "2026-11-21T20:56:00Z", with milliseconds where they are not zero.
std::string FormatTime(Time time);
// Accepts any RFC 3339 offset; years 1970 to 9999.
Result<Time> ParseTime(std::string_view text);

// "90s", "30m", "2h", "7d" and sums such as "1h30m", largest unit first; from 1 s to 10 years.
Result<Duration> ParseDuration(std::string_view text);
std::string FormatDuration(Duration duration);  // "1h30m"

}  // namespace grant
