#include "grantd/domain/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace grant {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kDurationMax = days(3650);

struct Unit {
  char letter;
  int64_t millis;
};
constexpr std::array<Unit, 4> kUnits = {
    {{'d', 86'400'000}, {'h', 3'600'000}, {'m', 60'000}, {'s', 1000}}};

// Exactly `digits` decimal digits at the front of `text`, which it consumes.
std::optional<int> TakeNumber(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<milliseconds> TakeFraction(std::string_view& text) {
  if (!TakeChar(text, ".")) return milliseconds(0);
  int64_t value = 0;
  int64_t scale = 100;
  size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
    value += (text.front() - '0') * scale;
    scale /= 10;
    if (++digits > 9) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  return milliseconds(value);
}

std::optional<minutes> TakeOffset(std::string_view& text) {
  if (TakeChar(text, "Zz")) return minutes(0);
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hour = TakeNumber(text, 2);
  if (!hour || !TakeChar(text, ":")) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  return sign * (hours(*hour) + minutes(*minute));
}

std::optional<Time> ParseRfc3339(std::string_view text) {
  const auto year = TakeNumber(text, 4);
  if (!year || !TakeChar(text, "-")) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!month || !TakeChar(text, "-")) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!day || !TakeChar(text, "Tt ")) return std::nullopt;
  const auto hour = TakeNumber(text, 2);
  if (!hour || !TakeChar(text, ":")) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || !TakeChar(text, ":")) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  const auto fraction = second ? TakeFraction(text) : std::nullopt;
  const auto offset = fraction ? TakeOffset(text) : std::nullopt;
  if (!offset || !text.empty() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const Time time = std::chrono::sys_days(date) + hours(*hour) + minutes(*minute) +
                    seconds(*second) + *fraction - *offset;
  if (ToMillis(time) < 0) return std::nullopt;
  return time;
}

}  // namespace

std::string FormatTime(Time time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto millis = clock.subseconds().count(); millis != 0) {
    out += fmt::format(".{:03}", millis);
  }
  return out + "Z";
}

Result<Time> ParseTime(std::string_view text) {
  const auto time = ParseRfc3339(text);
  if (!time) {
    return Fail(Code::kInvalid, "'" + std::string(text.substr(0, 64)) + "' is not a time",
                "write it as RFC 3339, for instance 2026-11-21T22:00:00Z");
  }
  return *time;
}

Result<Duration> ParseDuration(std::string_view text) {
  const auto invalid = [text] {
    return Fail(Code::kInvalid, "'" + std::string(text.substr(0, 64)) + "' is not a duration",
                "write it as 30m, 2h, 1h30m or 7d; at least 1s and at most 3650d");
  };
  std::string_view rest = text;
  Duration total{0};
  size_t unit = 0;
  while (!rest.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{} || number < 0 || number > 1'000'000'000) return invalid();
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    while (unit < kUnits.size() && (rest.empty() || kUnits[unit].letter != rest.front())) ++unit;
    if (unit == kUnits.size()) return invalid();
    total += Duration(number * kUnits[unit].millis);
    ++unit;
    rest.remove_prefix(1);
  }
  if (total < seconds(1) || total > kDurationMax) return invalid();
  return total;
}

std::string FormatDuration(Duration duration) {
  int64_t millis = duration.count() - duration.count() % 1000;
  std::string out;
  for (const Unit& unit : kUnits) {
    if (const int64_t number = millis / unit.millis; number > 0) {
      out += std::to_string(number) + unit.letter;
    }
    millis %= unit.millis;
  }
  return out.empty() ? "0s" : out;
}

}  // namespace grant
