#include "tools/grantctl/humanize.h"

#include <gtest/gtest.h>

namespace grant::ctl {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(ParseInstant, TakesRfc3339WithAnyOffset) {
  const auto instant = ParseInstant("2026-11-21T21:00:00Z");
  ASSERT_TRUE(instant);
  EXPECT_EQ(instant->time_since_epoch(), seconds(1795294800));
  EXPECT_EQ(ParseInstant("2026-11-21T22:00:00+01:00"), instant);
  EXPECT_EQ(ParseInstant("2026-11-21T15:30:00-05:30"), instant);
  EXPECT_EQ(ParseInstant("2026-11-21t21:00:00.999z"), instant);
  EXPECT_TRUE(ParseInstant("2028-02-29T00:00:00Z"));
}

TEST(Exact, LeavesFractionsOfASecondOut) {
  const Instant now = *ParseInstant("2026-11-21T21:00:00Z");
  EXPECT_EQ(Exact("2026-11-21T20:00:00.479Z", now), "2026-11-21T20:00:00Z (1h ago)");
  EXPECT_EQ(Exact("never", now), "never");
}

TEST(ParseInstant, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "now", "2026-11-21", "2026-11-21 22:00", "2026-11-21T22:00:00", "2026-11-21T22:00Z",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T22:60:00Z", "2026-11-21T22:00:61Z", "2026-11-21T22:00:00.Z",
        "2026-11-21T22:00:00+24:00", "2026-11-21T22:00:00+01", "2026-11-21T22:00:00Z ",
        "1969-12-31T23:59:59Z", "2O26-11-21T22:00:00Z"}) {
    EXPECT_FALSE(ParseInstant(text)) << text;
  }
}

TEST(ParseSpan, TakesUnitsLargestFirst) {
  EXPECT_EQ(ParseSpan("90s"), seconds(90));
  EXPECT_EQ(ParseSpan("30m"), minutes(30));
  EXPECT_EQ(ParseSpan("1h30m"), minutes(90));
  EXPECT_EQ(ParseSpan("7d"), days(7));
  EXPECT_EQ(ParseSpan("1d2h3m4s"), days(1) + hours(2) + minutes(3) + seconds(4));
}

TEST(ParseSpan, RefusesWhatIsNoSpanOrOutOfBounds) {
  for (const char* text : {"", "0s", "2", "h", "2x", "30m1h", "1h1h", "-1h", "1.5h", "2h ", "4000d",
                           "999999999999d", "1h30"}) {
    EXPECT_FALSE(ParseSpan(text)) << text;
  }
}

TEST(Span, ShowsAtMostTwoUnits) {
  EXPECT_EQ(Span(seconds(0)), "0s");
  EXPECT_EQ(Span(seconds(59)), "59s");
  EXPECT_EQ(Span(seconds(119)), "1m");
  EXPECT_EQ(Span(minutes(60)), "1h");
  EXPECT_EQ(Span(minutes(135)), "2h15m");
  EXPECT_EQ(Span(hours(24)), "1d");
  EXPECT_EQ(Span(hours(76)), "3d4h");
  EXPECT_EQ(Span(days(10) + hours(5)), "10d");
}

TEST(Relative, LooksForwardAndBack) {
  const Instant now = *ParseInstant("2026-11-21T20:00:00Z");
  EXPECT_EQ(Relative("2026-11-21T20:09:00Z", now), "in 9m");
  EXPECT_EQ(Relative("2026-11-21T18:00:00Z", now), "2h ago");
  EXPECT_EQ(Relative("2026-11-21T20:00:00.500Z", now), "now");
  EXPECT_EQ(Exact("2026-11-21T18:00:00Z", now), "2026-11-21T18:00:00Z (2h ago)");
}

TEST(Relative, LeavesWhatIsNoTimeAsItIs) {
  EXPECT_EQ(Relative("soon", Instant()), "soon");
  EXPECT_EQ(Exact("", Instant()), "");
}

}  // namespace
}  // namespace grant::ctl
