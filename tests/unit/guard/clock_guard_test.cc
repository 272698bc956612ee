#include "grantd/guard/clock_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grant {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::HasSubstr;

const Time kStart = ParseTime("2026-11-21T20:00:00Z").value();

class ClockGuardTest : public testing::Test {
 protected:
  // Both clocks go on.
  void Pass(nanoseconds span) {
    clock_.wall += span;
    clock_.since_boot += span;
  }
  void Step(nanoseconds span) { clock_.wall += span; }
  bool Believed() { return !guard_.Judge(clock_); }
  std::string Fault() { return guard_.Judge(clock_).value_or("none"); }

  ClockReading clock_{kStart.time_since_epoch(), hours(5)};
  ClockGuard guard_{kStart};
};

TEST_F(ClockGuardTest, ARunningClockIsBelieved) {
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(Believed());
    Pass(milliseconds(500));
  }
  EXPECT_EQ(guard_.latest(), clock_.time() - milliseconds(500));
}

TEST_F(ClockGuardTest, BehindTheMarkItIsNot) {
  Step(-seconds(2));
  EXPECT_TRUE(Believed()) << "within the tolerance";
  Step(-milliseconds(1));
  EXPECT_THAT(Fault(), HasSubstr("the clock says 2026-11-21T19:59:57.999Z, which is 2s before"));
  EXPECT_EQ(guard_.latest(), kStart);
  Step(seconds(2));
  EXPECT_TRUE(Believed());
}

TEST_F(ClockGuardTest, AStartWithAClockFarAheadIsBelievedForWantOfAnother) {
  Step(hours(24));
  EXPECT_TRUE(Believed());
}

TEST_F(ClockGuardTest, AClockThatIsPutRightAfterTheStartIsBelieved) {
  Step(-hours(1));
  EXPECT_FALSE(Believed());
  Pass(seconds(10));
  Step(hours(1));
  EXPECT_TRUE(Believed());
}

TEST_F(ClockGuardTest, ALeapAheadIsNotBelievedUntilItIsBack) {
  EXPECT_TRUE(Believed());
  Pass(seconds(1));
  Step(hours(1));
  EXPECT_THAT(Fault(), HasSubstr("it leapt 1h ahead"));
  EXPECT_LT(guard_.latest(), kStart + seconds(2)) << "nothing is learnt from it";
  Pass(hours(100));
  EXPECT_FALSE(Believed()) << "not by waiting either";
  Step(-hours(1));
  EXPECT_TRUE(Believed());
}

TEST_F(ClockGuardTest, ALeapBackIsNotBelievedThoughTimeHasGoneBy) {
  EXPECT_TRUE(Believed());
  Pass(hours(2));
  Step(-hours(1));
  EXPECT_THAT(Fault(), HasSubstr("it leapt 1h back"));
}

TEST_F(ClockGuardTest, SmallCorrectionsPassHoweverManyThereAre) {
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(Believed()) << i;
    Pass(milliseconds(500));
    Step(milliseconds(i % 3 == 0 ? 120 : -20));  // never more than a twelfth of the time
  }
}

TEST_F(ClockGuardTest, SmallStepsInQuickSuccessionAddUp) {
  int steps = 0;
  for (; Believed() && steps < 1000; ++steps) {
    Pass(milliseconds(10));
    Step(milliseconds(100));
  }
  EXPECT_GT(steps, 15);
  EXPECT_LT(steps, 30);
}

TEST_F(ClockGuardTest, ManyReadingsInAMomentAreNoLeap) {
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(Believed());
    Pass(microseconds(3));
    Step(nanoseconds(i % 2 == 0 ? 900 : -900));
  }
}

TEST_F(ClockGuardTest, SleepOfTheMachineIsNoLeap) {
  EXPECT_TRUE(Believed());
  Pass(hours(72));
  EXPECT_TRUE(Believed());
}

TEST_F(ClockGuardTest, AnAdministratorsWordSetsItAnew) {
  EXPECT_TRUE(Believed());
  Step(-hours(1));
  EXPECT_FALSE(Believed());
  guard_.Believe(clock_);
  EXPECT_TRUE(Believed());
  EXPECT_EQ(guard_.latest(), clock_.time());
  Step(hours(1));
  EXPECT_FALSE(Believed()) << "what was wrong before is wrong again";
}

}  // namespace
}  // namespace grant
