#include "grantd/domain/time_zone.h"

#include <algorithm>
#include <cstdlib>

namespace grant {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr size_t kCountMax = 65536;
// RFC 8536, 3.2; the file's own numbers are wider than any zone needs.
constexpr int64_t kOffsetSecondsMax = 26 * 3600;

tl::unexpected<Error> NotAZone() {
  return Fail(Code::kInvalid, "this is no zone file that can be read",
              "install the package tzdata again");
}

// Big-endian numbers from the front of a file. What lies behind its end is 0, and noted.
class FileReader {
 public:
  explicit FileReader(ByteView bytes) : rest_(bytes) {}

  uint64_t Number(size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | (i < rest_.size() ? rest_[i] : 0U);
    Skip(bytes);
    return value;
  }
  int64_t Signed32() { return static_cast<int32_t>(static_cast<uint32_t>(Number(4))); }
  int64_t Signed64() { return static_cast<int64_t>(Number(8)); }
  void Skip(size_t bytes) {
    complete_ = complete_ && bytes <= rest_.size();
    rest_ = rest_.subspan(std::min(bytes, rest_.size()));
  }
  bool complete() const { return complete_; }
  ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
  bool complete_ = true;
};

struct Header {
  uint64_t version = 0, utc_count = 0, standard_count = 0, leap_count = 0, time_count = 0,
           type_count = 0, char_count = 0;

  static std::optional<Header> Read(FileReader& file) {
    constexpr uint64_t kMagic = 0x545a6966;  // "TZif"
    Header header;
    const bool magic = file.Number(4) == kMagic;
    header.version = file.Number(1);
    file.Skip(15);
    for (uint64_t* count : {&header.utc_count, &header.standard_count, &header.leap_count,
                            &header.time_count, &header.type_count, &header.char_count}) {
      *count = file.Number(4);
      if (*count > kCountMax) return std::nullopt;
    }
    if (!magic || !file.complete() || header.type_count == 0 || header.leap_count != 0) {
      return std::nullopt;
    }
    return header;
  }
  size_t DataBytes(size_t time_bytes) const {
    return time_count * (time_bytes + 1) + type_count * 6 + char_count + standard_count + utc_count;
  }
};

}  // namespace

bool IsZoneName(std::string_view name) {
  if (name.empty() || name.size() > kZoneNameBytesMax) return false;
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  // A part begins with a letter, so none is "..", and the whole is never an absolute path.
  bool part_begins = true;
  for (const char c : name) {
    if (part_begins && !is_letter(c)) return false;
    part_begins = c == '/';
    const bool known = is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+';
    if (!known && c != '/') return false;
  }
  return !part_begins;
}

// The text of a rule, read from its front (POSIX.1, 8.3, with the extensions of RFC 8536, 3.3.1).
class TimeZone::RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  std::optional<Rule> Read() {
    Rule rule;
    rule.standard = -Designated();
    if (!rest_.empty()) {
      rule.has_summer = true;
      Name();
      rule.summer = rest_.starts_with(',') ? rule.standard + hours(1) : -Span(24);
      rule.begin = Day();
      rule.end = Day();
    }
    if (!good_ || !rest_.empty()) return std::nullopt;
    return rule;
  }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void Expect(char c) { good_ = Take(c) && good_; }

  unsigned Number(unsigned most) {
    unsigned value = 0;
    size_t digits = 0;
    for (; digits < 3 && !rest_.empty() && IsDigit(rest_.front()); ++digits) {
      value = value * 10 + static_cast<unsigned>(rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    good_ = good_ && digits > 0 && value <= most;
    return value;
  }

  // "CET", or "<+03>".
  void Name() {
    size_t length = 0;
    if (Take('<')) {
      length = std::min(rest_.find('>'), rest_.size());
      rest_.remove_prefix(length);
      Expect('>');
    } else {
      const auto is_letter = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      };
      while (length < rest_.size() && is_letter(rest_[length])) ++length;
      rest_.remove_prefix(length);
    }
    good_ = good_ && length >= 3;
  }

  // "2", "-1:30", "+26:00:00"
  seconds Span(unsigned hours_max) {
    const int sign = Take('-') ? -1 : 1;
    if (sign > 0) Take('+');
    seconds span = hours(Number(hours_max));
    if (Take(':')) span += minutes(Number(59));
    if (Take(':')) span += seconds(Number(59));
    return sign * span;
  }

  seconds Designated() {
    Name();
    return Span(24);
  }

  // ",M3.5.0/2", ",J60" or ",59"
  ChangeDay Day() {
    ChangeDay day;
    Expect(',');
    if (Take('M')) {
      day.form = ChangeDay::Form::kMonthWeekDay;
      day.month = Number(12);
      Expect('.');
      day.week = Number(5);
      Expect('.');
      day.weekday = Number(6);
      good_ = good_ && day.month >= 1 && day.week >= 1;
    } else if (Take('J')) {
      day.form = ChangeDay::Form::kDayWithoutLeap;
      day.day = Number(365);
      good_ = good_ && day.day >= 1;
    } else {
      day.day = Number(365);
    }
    if (Take('/')) day.time = Span(167);
    return day;
  }

  std::string_view rest_;
  bool good_ = true;
};

sys_seconds TimeZone::ChangeDay::In(std::chrono::year year) const {
  const auto first = std::chrono::sys_days(year / std::chrono::January / 1);
  switch (form) {
    case Form::kMonthWeekDay: {
      const std::chrono::weekday on(weekday);
      const auto in = year / std::chrono::month(month);
      return (week == 5 ? std::chrono::sys_days(in / on[std::chrono::last])
                        : std::chrono::sys_days(in / on[week])) +
             time;
    }
    case Form::kDayWithoutLeap:
      // Day 60 is the first of March in every year.
      return first + days(day - 1) + days(year.is_leap() && day >= 60 ? 1 : 0) + time;
    case Form::kDay:
      break;
  }
  return first + days(day) + time;
}

ZonePeriod TimeZone::Rule::PeriodAt(sys_seconds time) const {
  if (!has_summer) return {standard, Time::max()};
  const auto year = std::chrono::year_month_day(std::chrono::floor<days>(time)).year();
  std::vector<Change> changes;
  for (const int step : {-1, 0, 1}) {
    const auto one = year + std::chrono::years(step);
    // The rule names the hour as clocks show it before the change.
    changes.push_back({begin.In(one) - standard, summer});
    changes.push_back({end.In(one) - summer, standard});
  }
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.at < b.at; });
  ZonePeriod period{changes.back().offset, Time::max()};
  for (size_t i = 0; i + 1 < changes.size(); ++i) {
    if (time < changes[i].at || time >= changes[i + 1].at) continue;
    period = {changes[i].offset, changes[i + 1].at};
  }
  return period;
}

Result<TimeZone> TimeZone::ParseRule(std::string_view text) {
  auto rule = RuleReader(text).Read();
  if (!rule) return NotAZone();
  TimeZone zone;
  zone.before_ = rule->standard;
  zone.rule_ = *rule;
  return zone;
}

Result<TimeZone> TimeZone::Parse(ByteView bytes) {
  if (bytes.size() > kZoneFileBytesMax) return NotAZone();
  FileReader file(bytes);
  // Version 1 counts in 32 bits; the same again in 64 bits follows it.
  const auto old = Header::Read(file);
  if (!old || old->version < '2') return NotAZone();
  file.Skip(old->DataBytes(4));
  const auto header = Header::Read(file);
  if (!header || file.rest().size() < header->DataBytes(8)) return NotAZone();

  TimeZone zone;
  zone.changes_.resize(header->time_count);
  for (Change& change : zone.changes_) {
    change.at = sys_seconds(seconds(file.Signed64()));
    // What the sums of the callers can hold: about the years -290000 to 290000.
    if (change.at.time_since_epoch() > hours(24) * 100'000'000) return NotAZone();
  }
  std::vector<size_t> types(header->time_count);
  for (size_t& type : types) {
    type = file.Number(1);
    if (type >= header->type_count) return NotAZone();
  }
  std::vector<seconds> offsets(header->type_count);
  for (seconds& offset : offsets) {
    offset = seconds(file.Signed32());
    if (std::abs(offset.count()) > kOffsetSecondsMax) return NotAZone();
    file.Skip(2);
  }
  for (size_t i = 0; i < types.size(); ++i) zone.changes_[i].offset = offsets[types[i]];
  const auto later = [](const Change& a, const Change& b) { return a.at >= b.at; };
  if (std::adjacent_find(zone.changes_.begin(), zone.changes_.end(), later) !=
      zone.changes_.end()) {
    return NotAZone();
  }
  zone.before_ = offsets.front();
  file.Skip(header->char_count + header->standard_count + header->utc_count);

  const ByteView footer = file.rest();
  std::string_view text(reinterpret_cast<const char*>(footer.data()), footer.size());
  if (text.size() < 2 || text.front() != '\n' || text.find('\n', 1) == std::string_view::npos) {
    return NotAZone();
  }
  text = text.substr(1, text.find('\n', 1) - 1);
  if (text.empty()) return zone;
  GRANT_TRY(const TimeZone tail, ParseRule(text));
  zone.rule_ = tail.rule_;
  return zone;
}

ZonePeriod TimeZone::PeriodAt(Time time) const {
  const auto now = std::chrono::floor<seconds>(time);
  const auto next = std::upper_bound(changes_.begin(), changes_.end(), now,
                                     [](sys_seconds at, const Change& one) { return at < one.at; });
  if (next == changes_.end() && rule_) return rule_->PeriodAt(now);
  const seconds offset = next == changes_.begin() ? before_ : std::prev(next)->offset;
  return {offset, next == changes_.end() ? Time::max() : Time(next->at)};
}

}  // namespace grant
