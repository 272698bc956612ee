#include "grantd/domain/weekly_hours.h"

#include <gtest/gtest.h>

#include "tests/unit/domain/zones.h"

namespace grant {
namespace {

WeeklyHours Hours(std::initializer_list<const char*> spans,
                  const std::string& zone = "Europe/Berlin") {
  WeeklyHours hours{{}, zone};
  for (const char* span : spans) hours.spans.push_back(WeeklySpan::Parse(span).value());
  return hours;
}

const WeeklyHours kOffice = Hours({"Mon-Fri 08:00-18:00"});

bool Open(const WeeklyHours& hours, const std::string& time) {
  return Contain(hours, *TestZone(hours.time_zone), When(time));
}

std::string NextOpen(const WeeklyHours& hours, const std::string& from) {
  const auto found = FirstWithin(hours, *TestZone(hours.time_zone), When(from), Time::max());
  return found ? FormatTime(*found) : "never";
}

TEST(WeeklySpan, IsWrittenAsItIsRead) {
  for (const char* text : {"Mon-Fri 08:00-18:00", "Sat 09:00-24:00", "Fri-Mon 22:00-06:00"}) {
    EXPECT_EQ(WeeklySpan::Parse(text).value().text(), text);
  }
}

TEST(WeeklySpan, IsRefusedWhereItNamesNoHours) {
  for (const char* text :
       {"", "Mon", "Mon 08:00", "Mon 8:00-18:00", "Mo 08:00-18:00", "mon 08:00-18:00",
        "Mon-Fri  08:00-18:00", "Mon-Fri 08:00-18:00 ", "Mon-Fri 08:00-08:00", "Mon 24:00-06:00",
        "Mon 22:00-00:00", "Mon 08:60-18:00", "Mon 08:00-24:01", "Mon 0x:00-18:00",
        "Mon- 08:00-18:00", "Mon-Fri 08:00-18:00,Sat 09:00-12:00"}) {
    const auto span = WeeklySpan::Parse(text);
    ASSERT_FALSE(span) << text;
    EXPECT_FALSE(span.error().hint.empty());
  }
}

TEST(WeeklyHours, BeginWithTheirFirstMillisecondAndEndBeforeTheirLast) {
  // 2026-11-23 is a Monday; Berlin is an hour ahead of UTC.
  EXPECT_FALSE(Open(kOffice, "2026-11-23T06:59:59.999Z"));
  EXPECT_TRUE(Open(kOffice, "2026-11-23T07:00:00Z"));
  EXPECT_TRUE(Open(kOffice, "2026-11-27T16:59:59.999Z"));
  EXPECT_FALSE(Open(kOffice, "2026-11-27T17:00:00Z"));
  EXPECT_FALSE(Open(kOffice, "2026-11-28T10:00:00Z"));
}

TEST(WeeklyHours, FollowTheClocksOfTheirZone) {
  // The same hour of UTC, in winter and in summer.
  EXPECT_FALSE(Open(kOffice, "2026-03-27T06:30:00Z"));
  EXPECT_TRUE(Open(kOffice, "2026-03-30T06:30:00Z"));
  EXPECT_TRUE(Open(kOffice, "2026-10-23T06:30:00Z"));
  EXPECT_FALSE(Open(kOffice, "2026-10-26T06:30:00Z"));
}

TEST(WeeklyHours, GoOnOverMidnightAndOverTheEndOfTheWeek) {
  const WeeklyHours nights = Hours({"Sun 22:00-06:00"}, "UTC");
  EXPECT_TRUE(Open(nights, "2026-11-22T22:00:00Z"));
  EXPECT_TRUE(Open(nights, "2026-11-23T05:59:59Z"));
  EXPECT_FALSE(Open(nights, "2026-11-23T06:00:00Z"));
  const WeeklyHours weekend = Hours({"Sat-Mon 00:00-24:00"}, "UTC");
  EXPECT_FALSE(Open(weekend, "2026-11-20T23:59:59Z"));
  EXPECT_TRUE(Open(weekend, "2026-11-21T00:00:00Z"));
  EXPECT_TRUE(Open(weekend, "2026-11-23T23:59:59Z"));
  EXPECT_FALSE(Open(weekend, "2026-11-24T00:00:00Z"));
}

TEST(WeeklyHours, AnHourThatComesTwiceIsOpenBothTimes) {
  const WeeklyHours hours = Hours({"Sun 02:00-03:00"});
  EXPECT_FALSE(Open(hours, "2026-10-24T23:59:59Z"));
  EXPECT_TRUE(Open(hours, "2026-10-25T00:00:00Z"));   // 02:00 summer time
  EXPECT_TRUE(Open(hours, "2026-10-25T01:30:00Z"));   // 02:30 again
  EXPECT_FALSE(Open(hours, "2026-10-25T02:00:00Z"));  // 03:00
}

TEST(WeeklyHours, AnHourThatTheClocksSkipComesTheWeekAfter) {
  const WeeklyHours hours = Hours({"Sun 02:00-03:00"});
  EXPECT_EQ(NextOpen(hours, "2026-03-28T12:00:00Z"), "2026-04-05T00:00:00Z");
}

TEST(WeeklyHours, TheNextOpeningIsExactAcrossAChangeOfTheClocks) {
  EXPECT_EQ(NextOpen(kOffice, "2026-11-23T08:00:00.5Z"), "2026-11-23T08:00:00.500Z");
  EXPECT_EQ(NextOpen(kOffice, "2026-11-21T11:00:00Z"), "2026-11-23T07:00:00Z");
  EXPECT_EQ(NextOpen(kOffice, "2026-03-27T20:00:00Z"), "2026-03-30T06:00:00Z");
  EXPECT_EQ(NextOpen(kOffice, "2026-10-23T20:00:00Z"), "2026-10-26T07:00:00Z");
  // A short one, right after the change.
  EXPECT_EQ(NextOpen(Hours({"Sun 03:00-03:05"}), "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z");
}

TEST(WeeklyHours, TheSearchEndsWhereItIsToldTo) {
  const auto zone = TestZone("Europe/Berlin");
  const Time saturday = When("2026-11-21T11:00:00Z");
  const Time monday = When("2026-11-23T07:00:00Z");
  EXPECT_EQ(FirstWithin(kOffice, *zone, saturday, monday), std::nullopt);
  EXPECT_EQ(FirstWithin(kOffice, *zone, saturday, monday + Duration(1)), monday);
}

TEST(WeeklyHours, WithoutSpansAreAlwaysOpen) {
  EXPECT_TRUE(Contain(WeeklyHours(), TimeZone::Utc(), When("2026-11-22T03:00:00Z")));
}

TEST(WeeklyHours, SayWhatTheClocksShow) {
  EXPECT_EQ(LocalText(*TestZone("Europe/Berlin"), When("2026-11-21T23:02:59Z")), "Sun 00:02");
  EXPECT_EQ(Hours({"Mon-Fri 08:00-18:00", "Sat 09:00-12:00"}).text(),
            "Mon-Fri 08:00-18:00, Sat 09:00-12:00 (Europe/Berlin)");
}

}  // namespace
}  // namespace grant
