#include "grantd/metrics/histogram.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace grant::metrics {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(Histogram, EachDurationIsInTheFirstBucketThatHoldsIt) {
  Histogram histogram;
  histogram.Record(nanoseconds(0));
  histogram.Record(microseconds(1));
  histogram.Record(nanoseconds(1001));
  histogram.Record(microseconds(2));
  histogram.Record(microseconds(1024));
  histogram.Record(nanoseconds(1'024'001));
  const auto reading = histogram.Read();
  EXPECT_EQ(reading.counts[0], 2U);
  EXPECT_EQ(reading.counts[1], 2U);
  EXPECT_EQ(reading.counts[10], 1U);
  EXPECT_EQ(reading.counts[11], 1U);
  EXPECT_EQ(reading.count(), 6U);
}

TEST(Histogram, BoundsThemselvesAreWithin) {
  for (size_t bucket = 0; bucket < Histogram::kBounds; ++bucket) {
    Histogram histogram;
    histogram.Record(Histogram::Bound(bucket));
    EXPECT_EQ(histogram.Read().counts.at(bucket), 1U) << bucket;
  }
}

TEST(Histogram, WhatIsLongerThanTheLastBoundIsCountedToo) {
  Histogram histogram;
  histogram.Record(hours(1));
  const auto reading = histogram.Read();
  EXPECT_EQ(reading.counts.back(), 1U);
  EXPECT_EQ(reading.sum, hours(1));
}

TEST(Histogram, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  Histogram histogram;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) histogram.Record(microseconds(3));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto reading = histogram.Read();
  EXPECT_EQ(reading.counts[2], uint64_t{kThreads} * kEach);
  EXPECT_EQ(reading.sum, microseconds(3) * kThreads * kEach);
}

}  // namespace
}  // namespace grant::metrics
