#include "grantd/daemon/repeated_work.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace grant::daemon {
namespace {

TEST(RepeatedWork, IsDoneAgainAndAgain) {
  std::atomic<int> times = 0;
  std::promise<void> third;
  {
    RepeatedWork work(std::chrono::milliseconds(1), [&] {
      if (++times == 3) third.set_value();
    });
    third.get_future().wait();
  }
  const int at_the_end = times;
  EXPECT_GE(at_the_end, 3);
}

TEST(RepeatedWork, HoldsNobodyUpAndIsWaitedForAtTheEnd) {
  std::promise<void> begun;
  std::promise<void> release;
  std::atomic<bool> done = false;
  {
    RepeatedWork work(std::chrono::hours(1), [&] {
      begun.set_value();
      release.get_future().wait();
      done = true;
    });
    begun.get_future().wait();
    EXPECT_FALSE(done) << "this thread goes on while the work waits";
    release.set_value();
  }
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace grant::daemon
