#include "grantd/gate/user_quotas.h"

#include <gtest/gtest.h>

namespace grant {
namespace {

constexpr uid_t kSomebody = 1001;
constexpr uid_t kSomebodyElse = 1002;

TEST(UserQuotas, OneUserAtTheLimitLeavesOthersAlone) {
  UserQuotas quotas({2, 100});
  UserQuotas::Share one(quotas, kSomebody);
  UserQuotas::Share two(quotas, kSomebody);
  UserQuotas::Share three(quotas, kSomebody);
  UserQuotas::Share of_bob(quotas, kSomebodyElse);
  EXPECT_TRUE(one.BeginOperation());
  EXPECT_TRUE(two.BeginOperation());
  EXPECT_FALSE(three.BeginOperation());
  EXPECT_TRUE(of_bob.BeginOperation());
  EXPECT_TRUE(one.Keep(60));
  EXPECT_FALSE(two.Keep(41));
  EXPECT_TRUE(of_bob.Keep(100));
  EXPECT_TRUE(two.Keep(40)) << "less is kept again";
}

TEST(UserQuotas, WhatEndsMakesRoomHoweverItEnds) {
  UserQuotas quotas({1, 100});
  {
    UserQuotas::Share gone(quotas, kSomebody);
    EXPECT_TRUE(gone.BeginOperation());
    EXPECT_TRUE(gone.Keep(100));
  }
  UserQuotas::Share next(quotas, kSomebody);
  EXPECT_TRUE(next.BeginOperation());
  EXPECT_TRUE(next.Keep(100));
  next.EndOperation();
  EXPECT_TRUE(next.Keep(1000)) << "nothing is counted between operations";
  UserQuotas::Share another(quotas, kSomebody);
  EXPECT_TRUE(another.BeginOperation());
  EXPECT_TRUE(another.Keep(100));
}

}  // namespace
}  // namespace grant
