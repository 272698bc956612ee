#include "tools/grantctl/humanize.h"

#include <fmt/format.h>

namespace grant::ctl {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kSpanMax = days(3653);

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Takes characters from the front of a text, and remembers if any was not what it should be.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int Number(size_t digits) {
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || !IsDigit(rest_.front())) {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  char OneOf(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      ok_ = false;
      return '\0';
    }
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }

  void Fraction() {
    if (rest_.empty() || rest_.front() != '.') return;
    rest_.remove_prefix(1);
    Number(1);
    while (!rest_.empty() && IsDigit(rest_.front())) rest_.remove_prefix(1);
  }

  bool Done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::optional<seconds> UnitOf(char letter) {
  switch (letter) {
    case 's':
      return seconds(1);
    case 'm':
      return minutes(1);
    case 'h':
      return hours(1);
    case 'd':
      return days(1);
    default:
      return std::nullopt;
  }
}

std::string TwoUnits(int64_t large, char large_unit, int64_t small, char small_unit) {
  if (small == 0) return fmt::format("{}{}", large, large_unit);
  return fmt::format("{}{}{}{}", large, large_unit, small, small_unit);
}

}  // namespace

std::optional<Instant> ParseInstant(std::string_view text) {
  Scanner scan(text);
  const int year = scan.Number(4);
  scan.OneOf("-");
  const int month = scan.Number(2);
  scan.OneOf("-");
  const int day = scan.Number(2);
  scan.OneOf("Tt");
  const int hour = scan.Number(2);
  scan.OneOf(":");
  const int minute = scan.Number(2);
  scan.OneOf(":");
  const int second = scan.Number(2);
  scan.Fraction();
  const char zone = scan.OneOf("Zz+-");
  int offset_minutes = 0;
  if (zone == '+' || zone == '-') {
    const int offset_hour = scan.Number(2);
    scan.OneOf(":");
    const int offset_minute = scan.Number(2);
    if (offset_hour > 23 || offset_minute > 59) return std::nullopt;
    offset_minutes = (offset_hour * 60 + offset_minute) * (zone == '+' ? 1 : -1);
  }
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!scan.Done() || !date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + hours(hour) + minutes(minute) + seconds(second) -
         minutes(offset_minutes);
}

std::string InstantText(Instant instant) {
  const auto day = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::optional<seconds> ParseSpan(std::string_view text) {
  seconds total(0);
  seconds unit_before = kSpanMax;
  while (!text.empty()) {
    int64_t count = 0;
    size_t digits = 0;
    while (digits < text.size() && IsDigit(text[digits]) && digits < 9) {
      count = count * 10 + (text[digits++] - '0');
    }
    if (digits == 0 || digits == text.size()) return std::nullopt;
    const auto unit = UnitOf(text[digits]);
    if (!unit || *unit >= unit_before) return std::nullopt;
    unit_before = *unit;
    total += count * *unit;
    text.remove_prefix(digits + 1);
  }
  if (total < seconds(1) || total > kSpanMax) return std::nullopt;
  return total;
}

std::string Span(seconds span) {
  const int64_t total = span.count();
  if (total < 60) return fmt::format("{}s", total);
  if (total < 3600) return fmt::format("{}m", total / 60);
  if (total < 86400) return TwoUnits(total / 3600, 'h', total % 3600 / 60, 'm');
  const int64_t whole_days = total / 86400;
  return TwoUnits(whole_days, 'd', whole_days < 10 ? total % 86400 / 3600 : 0, 'h');
}

std::string Relative(std::string_view time, Instant now) {
  const auto instant = ParseInstant(time);
  if (!instant) return std::string(time);
  if (*instant == now) return "now";
  return *instant > now ? "in " + Span(*instant - now) : Span(now - *instant) + " ago";
}

std::string Exact(std::string_view time, Instant now) {
  const auto instant = ParseInstant(time);
  if (!instant) return std::string(time);
  return fmt::format("{} ({})", InstantText(*instant), Relative(time, now));
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

}  // namespace grant::ctl
