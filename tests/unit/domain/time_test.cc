#include "grantd/domain/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace grant {
namespace {

TEST(ParseTime, ReadsEveryOffset) {
  const Time noon = ParseTime("2026-11-21T12:00:00Z").value();
  EXPECT_EQ(ToMillis(noon), 1'795'262'400'000);
  EXPECT_EQ(ParseTime("2026-11-21T13:30:00+01:30").value(), noon);
  EXPECT_EQ(ParseTime("2026-11-21t04:00:00.000-08:00").value(), noon);
  EXPECT_EQ(ToMillis(ParseTime("1970-01-01T00:00:01.5Z").value()), 1500);
}

TEST(ParseTime, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "now", "2026-11-21", "2026-11-21T12:00:00", "2026-02-30T00:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T12:00:60Z", "2026-11-21T12:00:00Zx",
        "1969-12-31T23:59:59Z", "2026-11-21T12:00:00+24:00", "2026-11-21T12:00:00.Z"}) {
    const auto time = ParseTime(text);
    ASSERT_FALSE(time.has_value()) << text;
    EXPECT_EQ(time.error().code, Code::kInvalid);
    EXPECT_FALSE(time.error().hint.empty());
  }
}

RC_GTEST_PROP(FormatTime, IsReadBackAsTheSameInstant, ()) {
  const Time time = FromMillis(*rc::gen::inRange<int64_t>(0, 253'402'300'799'999));
  RC_ASSERT(ParseTime(FormatTime(time)).value() == time);
}

TEST(ParseDuration, ReadsSumsWithTheLargestUnitFirst) {
  EXPECT_EQ(ParseDuration("90s").value(), std::chrono::seconds(90));
  EXPECT_EQ(ParseDuration("1h30m").value(), std::chrono::minutes(90));
  EXPECT_EQ(ParseDuration("7d").value(), std::chrono::days(7));
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "2", "h", "2x", "30m1h", "1h1h", "-1h", "0s", "4000d", " 2h", "2h ",
                           "99999999999999999999s"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
}

RC_GTEST_PROP(FormatDuration, IsReadBackAsTheSameDuration, ()) {
  const Duration duration = std::chrono::seconds(*rc::gen::inRange<int64_t>(1, 315'360'000));
  RC_ASSERT(ParseDuration(FormatDuration(duration)).value() == duration);
}

}  // namespace
}  // namespace grant
