#include "grantd/domain/time_zone.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/unit/domain/zones.h"

namespace grant {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

seconds OffsetAt(const std::string& rule, const std::string& time) {
  return ZoneByRule(rule)->PeriodAt(When(time)).offset;
}

TEST(TimeZoneRule, ChangesClocksAtTheSecondItNames) {
  EXPECT_EQ(OffsetAt(kBerlinRule, "2026-03-29T00:59:59.999Z"), hours(1));
  EXPECT_EQ(OffsetAt(kBerlinRule, "2026-03-29T01:00:00Z"), hours(2));
  EXPECT_EQ(OffsetAt(kBerlinRule, "2026-10-25T00:59:59.999Z"), hours(2));
  EXPECT_EQ(OffsetAt(kBerlinRule, "2026-10-25T01:00:00Z"), hours(1));
}

TEST(TimeZoneRule, TellsWhenTheNextChangeIs) {
  const auto zone = ZoneByRule(kBerlinRule);
  EXPECT_EQ(zone->PeriodAt(When("2026-01-01T00:00:00Z")).until, When("2026-03-29T01:00:00Z"));
  EXPECT_EQ(zone->PeriodAt(When("2026-07-01T00:00:00Z")).until, When("2026-10-25T01:00:00Z"));
  EXPECT_EQ(zone->PeriodAt(When("2026-12-31T23:59:59Z")).until, When("2027-03-28T01:00:00Z"));
}

TEST(TimeZoneRule, IsUnderstoodInAllItsForms) {
  // The south, where the year begins in summer.
  EXPECT_EQ(OffsetAt("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z"), hours(11));
  EXPECT_EQ(OffsetAt("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z"), hours(10));
  // Winter time named as the exception.
  EXPECT_EQ(OffsetAt("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z"), hours(0));
  EXPECT_EQ(OffsetAt("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z"), hours(1));
  // Signs, half hours, and a change before midnight of its day.
  EXPECT_EQ(OffsetAt("<+0530>-5:30", "2026-07-01T00:00:00Z"), hours(5) + minutes(30));
  EXPECT_EQ(OffsetAt("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z"), hours(-2));
  EXPECT_EQ(OffsetAt("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z"), hours(-1));
  // Days of the year: the 60th without leap days is 1 March, the 59th from 0 is 29 February in
  // 2028.
  EXPECT_EQ(OffsetAt("AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z"), hours(0));
  EXPECT_EQ(OffsetAt("AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z"), hours(1));
  EXPECT_EQ(OffsetAt("AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z"), hours(1));
  EXPECT_EQ(OffsetAt("AAA0BBB,59/0,300/0", "2026-02-28T23:59:59Z"), hours(0));
  // Before the epoch as well.
  EXPECT_EQ(TimeZone::Utc().PeriodAt(Time::min()).offset, hours(0));
}

TEST(TimeZoneRule, IsRefusedWhereItIsNone) {
  for (const char* text : {"",
                           "C",
                           "CET",
                           "CET-",
                           "CET-25",
                           "CET-1CEST",
                           "CET-1CEST,",
                           "CET-1CEST,M3.5.0",
                           "CET-1CEST,M13.5.0,M10.5.0",
                           "CET-1CEST,M3.0.0,M10.5.0",
                           "CET-1CEST,M3.6.0,M10.5.0",
                           "CET-1CEST,M3.5.7,M10.5.0",
                           "CET-1CEST,J0,J9",
                           "CET-1CEST,J366,J9",
                           "CET-1CEST,366,9",
                           "CET-1CEST,M3.5.0/168,M10.5.0",
                           "CET-1CEST,M3.5.0,M10.5.0x",
                           "<+03-3",
                           "<a>-3",
                           "CET-1:60"}) {
    EXPECT_FALSE(TimeZone::ParseRule(text)) << text;
  }
}

// A zone file as RFC 8536 describes it.
class ZoneFile {
 public:
  ZoneFile& Change(int64_t at, uint8_t type) {
    changes_.emplace_back(at, type);
    return *this;
  }
  ZoneFile& Type(int32_t offset) {
    types_.push_back(offset);
    return *this;
  }
  ZoneFile& Rule(std::string rule) {
    rule_ = std::move(rule);
    return *this;
  }
  Bytes Make() const {
    Bytes bytes;
    Header(bytes, 0, 1);  // of version 1: a single type, which readers skip
    Number(bytes, 0, 6);
    Header(bytes, changes_.size(), types_.size());
    for (const auto& change : changes_) Number(bytes, static_cast<uint64_t>(change.first), 8);
    for (const auto& change : changes_) Number(bytes, change.second, 1);
    for (const int32_t offset : types_) {
      Number(bytes, static_cast<uint32_t>(offset), 4);
      Number(bytes, 0, 2);
    }
    bytes.push_back('\n');
    bytes.insert(bytes.end(), rule_.begin(), rule_.end());
    bytes.push_back('\n');
    return bytes;
  }

 private:
  static void Number(Bytes& bytes, uint64_t value, size_t size) {
    for (size_t i = size; i > 0; --i) bytes.push_back(static_cast<uint8_t>(value >> (8 * (i - 1))));
  }
  static void Header(Bytes& bytes, size_t changes, size_t types) {
    for (const char c : std::string("TZif2")) bytes.push_back(static_cast<uint8_t>(c));
    bytes.resize(bytes.size() + 15);
    for (const size_t count : {size_t{0}, size_t{0}, size_t{0}, changes, types, size_t{0}}) {
      Number(bytes, count, 4);
    }
  }

  std::vector<std::pair<int64_t, uint8_t>> changes_;
  std::vector<int32_t> types_;
  std::string rule_;
};

TEST(TimeZoneFile, ItsChangesHoldUntilTheRuleTakesOver) {
  const Bytes file = ZoneFile()
                         .Type(600)
                         .Type(3600)
                         .Type(7200)
                         .Change(0, 1)
                         .Change(100'000, 2)
                         .Rule(kBerlinRule)
                         .Make();
  const TimeZone zone = TimeZone::Parse(file).value();
  const auto at = [&](int64_t second) { return zone.PeriodAt(Time(seconds(second))); };
  EXPECT_EQ(at(-1).offset, minutes(10));
  EXPECT_EQ(at(-1).until, Time(seconds(0)));
  EXPECT_EQ(at(0).offset, hours(1));
  EXPECT_EQ(at(99'999).until, Time(seconds(100'000)));
  EXPECT_EQ(zone.PeriodAt(When("2026-07-01T00:00:00Z")).offset, hours(2));
  EXPECT_EQ(zone.PeriodAt(When("2026-12-01T00:00:00Z")).offset, hours(1));
}

TEST(TimeZoneFile, WithoutARuleTheLastChangeStays) {
  const TimeZone zone = TimeZone::Parse(ZoneFile().Type(0).Type(3600).Change(0, 1).Make()).value();
  EXPECT_EQ(zone.PeriodAt(When("2026-07-01T00:00:00Z")).offset, hours(1));
  EXPECT_EQ(zone.PeriodAt(When("2026-07-01T00:00:00Z")).until, Time::max());
}

TEST(TimeZoneFile, IsRefusedWhereverItIsCutOff) {
  const Bytes file = ZoneFile().Type(0).Type(3600).Change(0, 1).Rule("CET-1").Make();
  ASSERT_TRUE(TimeZone::Parse(file));
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(TimeZone::Parse(ByteView(file).first(length))) << length;
  }
}

TEST(TimeZoneFile, IsRefusedWhereItContradictsItself) {
  EXPECT_FALSE(TimeZone::Parse(ZoneFile().Make())) << "no type";
  EXPECT_FALSE(TimeZone::Parse(ZoneFile().Type(0).Change(0, 1).Make())) << "unknown type";
  EXPECT_FALSE(TimeZone::Parse(ZoneFile().Type(0).Change(9, 0).Change(9, 0).Make())) << "order";
  EXPECT_FALSE(TimeZone::Parse(ZoneFile().Type(27 * 3600).Make())) << "offset";
  EXPECT_FALSE(TimeZone::Parse(ZoneFile().Type(0).Change(INT64_MAX, 0).Make())) << "far away";
  EXPECT_FALSE(TimeZone::Parse(ZoneFile().Type(0).Rule("nonsense").Make())) << "rule";
  Bytes leaps = ZoneFile().Type(0).Make();
  leaps[50 + 31] = 1;
  EXPECT_FALSE(TimeZone::Parse(leaps)) << "leap seconds";
}

// Bytes that are wrong are refused or mean some zone; they never lead out of the file.
TEST(TimeZoneFile, AnyByteMayBeWrong) {
  const Bytes file = ZoneFile().Type(0).Type(3600).Change(0, 1).Rule(kBerlinRule).Make();
  for (size_t i = 0; i < file.size(); ++i) {
    for (const uint8_t bits : {uint8_t{0x01}, uint8_t{0x80}, uint8_t{0xff}}) {
      Bytes wrong = file;
      wrong[i] ^= bits;
      if (const auto zone = TimeZone::Parse(wrong)) {
        zone->PeriodAt(Time(hours(0)));
        zone->PeriodAt(When("9999-12-31T23:59:59Z"));
      }
    }
  }
}

TEST(ZoneName, NeverLeadsOutOfTheDirectory) {
  for (const char* good : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"}) {
    EXPECT_TRUE(IsZoneName(good)) << good;
  }
  for (const char* bad :
       {"", "/etc/passwd", "../etc/passwd", "Europe/../../etc/passwd", "Europe//x", "Europe/", ".",
        "Europe/.hidden", "Europe/Ber lin", "Europe/Berlin\n"}) {
    EXPECT_FALSE(IsZoneName(bad)) << bad;
  }
  EXPECT_FALSE(IsZoneName(std::string(65, 'a')));
  EXPECT_FALSE(IsZoneName(std::string("UTC\0", 4)));
}

}  // namespace
}  // namespace grant
