#include "grantd/gate/refusal_limit.h"

#include <gtest/gtest.h>

namespace grant {
namespace {

using std::chrono::hours;
constexpr Time kNow{Duration(1'800'000'000'000)};

// Admits until the limit says no; how many it said yes to.
int64_t UseUp(RefusalLimit& limit, uid_t uid, Time now) {
  int64_t count = 0;
  while (limit.Admit(uid, now)) ++count;
  return count;
}

TEST(RefusalLimit, ABurstIsRecordedAndThenNoMore) {
  RefusalLimit limit;
  EXPECT_EQ(UseUp(limit, 7, kNow), kRefusalsAtOnce);
}

TEST(RefusalLimit, TheNextRecordedOneTellsHowManyWereOmitted) {
  RefusalLimit limit;
  UseUp(limit, 7, kNow);  // the last of these is the first that was omitted
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(limit.Admit(7, kNow));
  EXPECT_EQ(limit.Admit(7, kNow + kRefusalInterval), 5U);
  EXPECT_FALSE(limit.Admit(7, kNow + kRefusalInterval));
  EXPECT_EQ(limit.Admit(7, kNow + 2 * kRefusalInterval), 1U);
}

TEST(RefusalLimit, OneUserDoesNotUseUpWhatAnotherHas) {
  RefusalLimit limit;
  UseUp(limit, 7, kNow);
  EXPECT_EQ(UseUp(limit, 8, kNow), kRefusalsAtOnce);
}

TEST(RefusalLimit, IsWholeAgainAfterAQuietTime) {
  RefusalLimit limit;
  UseUp(limit, 7, kNow);
  EXPECT_EQ(limit.Admit(7, kNow + hours(1)), 1U);
  EXPECT_EQ(UseUp(limit, 7, kNow + hours(1)), kRefusalsAtOnce - 1);
}

TEST(RefusalLimit, AClockThatGoesBackAdmitsNoMore) {
  RefusalLimit limit;
  UseUp(limit, 7, kNow);
  EXPECT_FALSE(limit.Admit(7, kNow - hours(1)));
}

TEST(RefusalLimit, AClockThatWasAheadSilencesNobodyForLong) {
  RefusalLimit limit;
  limit.Admit(7, kNow + hours(1000));
  EXPECT_FALSE(limit.Admit(7, kNow));
  EXPECT_TRUE(limit.IsUsedUp(7, kNow));
  EXPECT_FALSE(limit.IsUsedUp(7, kNow + 2 * kRefusalInterval));
  EXPECT_TRUE(limit.Admit(7, kNow + 2 * kRefusalInterval));
}

TEST(RefusalLimit, ForgetsUsersOfWhomThereIsNothingToRemember) {
  RefusalLimit limit;
  for (uid_t uid = 0; uid < 5000; ++uid) {
    limit.Admit(uid, kNow + uid * kRefusalInterval);
    EXPECT_LE(limit.users(), 1025U);
  }
}

}  // namespace
}  // namespace grant
