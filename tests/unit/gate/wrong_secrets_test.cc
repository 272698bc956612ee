#include "grantd/gate/wrong_secrets.h"

#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using Counted = WrongSecrets::Counted;

constexpr uid_t kAlice = 1001;
constexpr uid_t kBob = 1002;

TEST(WrongSecrets, TheTenthWithinTenMinutesLocksForTenMinutes) {
  WrongSecrets wrong;
  for (int i = 0; i < 9; ++i) EXPECT_EQ(wrong.Count(kAlice, At(i * 60)), Counted::kMore);
  EXPECT_FALSE(wrong.LockedUntil(kAlice, At(599)));
  EXPECT_EQ(wrong.Count(kAlice, At(599)), Counted::kLocks);
  EXPECT_EQ(wrong.LockedUntil(kAlice, At(599)), At(1199));
  EXPECT_EQ(wrong.Count(kAlice, At(1198)), Counted::kLocked);
  EXPECT_EQ(wrong.LockedUntil(kAlice, At(1198)), At(1199));
  EXPECT_FALSE(wrong.LockedUntil(kAlice, At(1199)));
}

TEST(WrongSecrets, AfterTheLockCountingBeginsAnew) {
  WrongSecrets wrong;
  for (size_t i = 0; i < kWrongSecretsMax; ++i) wrong.Count(kAlice, At(0));
  for (int i = 0; i < 9; ++i) EXPECT_EQ(wrong.Count(kAlice, At(600)), Counted::kMore);
  EXPECT_EQ(wrong.Count(kAlice, At(600)), Counted::kLocks);
}

TEST(WrongSecrets, EachLockInARowIsTwiceAsLongUpToTheLongest) {
  WrongSecrets wrong(
      {2, std::chrono::minutes(10), std::chrono::minutes(1), std::chrono::minutes(3)});
  const auto locked_for = [&wrong](Time at) {
    wrong.Count(kAlice, at);
    EXPECT_EQ(wrong.Count(kAlice, at), Counted::kLocks);
    return *wrong.LockedUntil(kAlice, at) - at;
  };
  EXPECT_EQ(locked_for(At(0)), std::chrono::minutes(1));
  EXPECT_EQ(locked_for(At(60)), std::chrono::minutes(2));
  EXPECT_EQ(locked_for(At(180)), std::chrono::minutes(3));
  EXPECT_EQ(locked_for(At(360)), std::chrono::minutes(3));
  EXPECT_EQ(locked_for(At(360 + 6 * 60 + 1)), std::chrono::minutes(1)) << "it was quiet";
}

TEST(WrongSecrets, ThoseOfLongAgoDoNotCount) {
  WrongSecrets wrong;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(wrong.Count(kAlice, At(i * 67)), Counted::kMore) << i;
}

TEST(WrongSecrets, EachUserIsCountedAlone) {
  WrongSecrets wrong;
  for (size_t i = 0; i < kWrongSecretsMax; ++i) wrong.Count(kAlice, At(0));
  EXPECT_TRUE(wrong.LockedUntil(kAlice, At(0)));
  EXPECT_FALSE(wrong.LockedUntil(kBob, At(0)));
  EXPECT_EQ(wrong.Count(kBob, At(0)), Counted::kMore);
}

TEST(WrongSecrets, OfVeryManyUsersTheOldestAreForgotten) {
  WrongSecrets wrong;
  for (size_t i = 0; i < kWrongSecretsMax; ++i) wrong.Count(kAlice, At(0));
  for (size_t i = 0; i < kWrongSecretsMax; ++i) wrong.Count(kBob, At(1));
  for (uid_t uid = 0; uid < kWrongSecretsUsersMax - 1; ++uid) wrong.Count(100'000 + uid, At(2));
  EXPECT_FALSE(wrong.LockedUntil(kAlice, At(2)));
  EXPECT_TRUE(wrong.LockedUntil(kBob, At(2)));
}

}  // namespace
}  // namespace grant
