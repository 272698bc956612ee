// Time zones: how far local time is from UTC, and when that changes. The system's zone files are
// read by whoever has them (config/zone_files.h); here is what their bytes mean.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grant/bytes.h"
#include "grant/error.h"
#include "grantd/domain/time.h"

namespace grant {

inline constexpr size_t kZoneNameBytesMax = 64;
inline constexpr size_t kZoneFileBytesMax = size_t{256} * 1024;

// Whether a text has the form of a name such as "Europe/Berlin"; no other may reach the file
// system.
bool IsZoneName(std::string_view name);

// A stretch of time in which the distance from UTC stays the same.
struct ZonePeriod {
  std::chrono::seconds offset{0};  // local time minus UTC
  Time until = Time::max();        // the first instant at which it may be another one
};

class TimeZone {
 public:
  static TimeZone Utc() { return {}; }
  // A zone file (RFC 8536, version 2 or later, without leap seconds). kInvalid for anything else.
  static Result<TimeZone> Parse(ByteView file);
  // A rule as it stands at the end of such a file: "CET-1CEST,M3.5.0,M10.5.0/3".
  static Result<TimeZone> ParseRule(std::string_view rule);

  ZonePeriod PeriodAt(Time time) const;

 private:
  struct Change {
    std::chrono::sys_seconds at;
    std::chrono::seconds offset;  // from then on
  };
  // The day of a year on which the clocks are changed, and when on it.
  struct ChangeDay {
    enum class Form { kMonthWeekDay, kDayWithoutLeap, kDay } form = Form::kDay;
    unsigned month = 1, week = 1, weekday = 0, day = 0;
    std::chrono::seconds time{7200};
    std::chrono::sys_seconds In(std::chrono::year year) const;  // in local time as if it were UTC
  };
  struct Rule {
    std::chrono::seconds standard{0};
    std::chrono::seconds summer{0};
    bool has_summer = false;
    ChangeDay begin, end;  // of summer time
    ZonePeriod PeriodAt(std::chrono::sys_seconds time) const;
  };
  class RuleReader;

  std::chrono::seconds before_{0};  // until the first change
  std::vector<Change> changes_;     // in order
  std::optional<Rule> rule_;        // after the last change
};

// The zone of that name, or null where there is none.
using ZoneOf = std::function<std::shared_ptr<const TimeZone>(const std::string& name)>;

}  // namespace grant
