#include "grantd/domain/weekly_hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace grant {
namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr uint32_t kDayMinutes = 24 * 60;
constexpr uint32_t kWeekMinutes = 7 * kDayMinutes;
// Every hour that a week has comes back within two, even where the clocks skip it once.
constexpr Duration kSearchMax = days(22);

std::optional<uint32_t> TakeDay(std::string_view& text) {
  const auto* const found = std::find(kDays.begin(), kDays.end(), text.substr(0, 3));
  if (found == kDays.end()) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<uint32_t>(found - kDays.begin());
}

std::optional<uint32_t> TakeMinutes(std::string_view& text) {
  const auto digit = [&text](size_t i) -> uint32_t {
    return text[i] >= '0' && text[i] <= '9' ? static_cast<uint32_t>(text[i] - '0') : 100;
  };
  if (text.size() < 5 || text[2] != ':') return std::nullopt;
  const uint32_t hour = digit(0) * 10 + digit(1);
  const uint32_t minute = digit(3) * 10 + digit(4);
  if (minute > 59 || hour * 60 + minute > kDayMinutes) return std::nullopt;
  text.remove_prefix(5);
  return hour * 60 + minute;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<WeeklySpan> ParseSpan(std::string_view text) {
  WeeklySpan span;
  const auto first = TakeDay(text);
  if (!first) return std::nullopt;
  span.first_day = span.last_day = *first;
  if (Take(text, '-')) {
    const auto last = TakeDay(text);
    if (!last) return std::nullopt;
    span.last_day = *last;
  }
  if (!Take(text, ' ')) return std::nullopt;
  const auto begin = TakeMinutes(text);
  if (!begin || *begin == kDayMinutes || !Take(text, '-')) return std::nullopt;
  const auto end = TakeMinutes(text);
  if (!end || *end == *begin || *end == 0 || !text.empty()) return std::nullopt;
  span.begin = *begin;
  span.end = *end;
  return span;
}

std::string ClockText(uint32_t minute) {
  return fmt::format("{:02}:{:02}", minute / 60, minute % 60);
}

// How far the week has come, as the clocks show it: Monday 00:00 is 0.
Duration SinceMonday(Time at, std::chrono::seconds offset) {
  const Duration local = at.time_since_epoch() + offset;
  // The epoch was a Thursday.
  const Duration shifted = local + days(3);
  const Duration week = days(7);
  return (shifted % week + week) % week;
}

// How long it is until the span comes next in a week whose clocks run evenly; 0 while it lasts.
Duration Until(const WeeklySpan& span, Duration since_monday) {
  const uint32_t length =
      span.end > span.begin ? span.end - span.begin : span.end + kDayMinutes - span.begin;
  const uint32_t count = (span.last_day + 7 - span.first_day) % 7 + 1;
  Duration soonest = days(7);
  for (uint32_t i = 0; i < count; ++i) {
    const Duration start =
        minutes(((span.first_day + i) * kDayMinutes + span.begin) % kWeekMinutes);
    const Duration gone = (since_monday - start + days(7)) % days(7);
    if (gone < minutes(length)) return Duration(0);
    soonest = std::min<Duration>(soonest, days(7) - gone);
  }
  return soonest;
}

Duration Until(const WeeklyHours& hours, Duration since_monday) {
  Duration soonest = hours.Always() ? Duration(0) : Duration(days(7));
  for (const WeeklySpan& span : hours.spans) soonest = std::min(soonest, Until(span, since_monday));
  return soonest;
}

}  // namespace

Result<WeeklySpan> WeeklySpan::Parse(std::string_view text) {
  const auto span = ParseSpan(text);
  if (span) return *span;
  return Fail(Code::kInvalid, "'" + std::string(text.substr(0, 64)) + "' names no hours of a week",
              "write it as Mon-Fri 08:00-18:00, or Sat 09:00-24:00");
}

std::string WeeklySpan::text() const {
  std::string out(kDays.at(first_day % 7));
  if (last_day != first_day) out.append("-").append(kDays.at(last_day % 7));
  return out + " " + ClockText(begin) + "-" + ClockText(end);
}

std::string WeeklyHours::text() const {
  std::string out;
  for (const WeeklySpan& span : spans) out += (out.empty() ? "" : ", ") + span.text();
  return out + " (" + time_zone + ")";
}

bool Contain(const WeeklyHours& hours, const TimeZone& zone, Time at) {
  return Until(hours, SinceMonday(at, zone.PeriodAt(at).offset)) == Duration(0);
}

std::optional<Time> FirstWithin(const WeeklyHours& hours, const TimeZone& zone, Time from,
                                Time until) {
  const Time end = std::min(until, from + kSearchMax);
  for (Time at = from; at < end;) {
    const ZonePeriod period = zone.PeriodAt(at);
    const Duration wait = Until(hours, SinceMonday(at, period.offset));
    if (wait == Duration(0)) return at;
    // Where the clocks are changed first, what they show then has to be looked at anew.
    at = std::min(at + wait, period.until);
  }
  return std::nullopt;
}

std::string LocalText(const TimeZone& zone, Time at) {
  const auto minute = std::chrono::floor<minutes>(SinceMonday(at, zone.PeriodAt(at).offset));
  const auto of_week = static_cast<uint32_t>(minute.count());
  return fmt::format("{} {}", kDays.at(of_week / kDayMinutes), ClockText(of_week % kDayMinutes));
}

}  // namespace grant
