#include "grantd/notify/retry.h"

#include <gtest/gtest.h>

namespace grant {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const RetrySettings kDefaults;

TEST(RetryDelay, DoublesFromFiveSecondsToAnHour) {
  const int expected[] = {5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600};
  uint32_t attempts = 0;
  for (const int delay : expected) {
    EXPECT_EQ(RetryDelay(kDefaults, ++attempts, 0), seconds(delay)) << attempts;
  }
}

TEST(RetryDelay, NeitherOverflowsNorEndsEarlyAfterVeryManyAttempts) {
  for (const uint32_t attempts : {64U, 1000U, UINT32_MAX}) {
    EXPECT_EQ(RetryDelay(kDefaults, attempts, 0), hours(1));
  }
}

TEST(RetryDelay, JitterTakesOffUpToAFifth) {
  EXPECT_EQ(RetryDelay(kDefaults, 1, 1), seconds(4));
  EXPECT_EQ(RetryDelay(kDefaults, 1, 0.5), Duration(4500));
  EXPECT_EQ(RetryDelay(kDefaults, 50, 1), std::chrono::minutes(48));
  EXPECT_EQ(RetryDelay(kDefaults, 1, 7), seconds(4)) << "more than there is of it";
}

TEST(RetryDelay, KeepsToWhatIsConfigured) {
  const RetrySettings retry{seconds(1), seconds(1), hours(1)};
  EXPECT_EQ(RetryDelay(retry, 1, 0), seconds(1));
  EXPECT_EQ(RetryDelay(retry, 9, 0), seconds(1));
}

}  // namespace
}  // namespace grant
