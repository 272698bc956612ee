#include "grantd/metrics/counters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grant::metrics {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Counters, ValuesAreCountedApart) {
  Counters counters;
  counters.Increment({"release", "signed"});
  counters.Increment({"release", "signed"});
  counters.Increment({"release", "returned"});
  EXPECT_THAT(counters.Read(), ElementsAre(Pair(ElementsAre("release", "returned"), 1U),
                                           Pair(ElementsAre("release", "signed"), 2U)));
}

TEST(Counters, TooManyValuesAreCountedTogether) {
  Counters counters;
  for (size_t i = 0; i < Counters::kSeriesMax + 3; ++i) {
    counters.Increment({"signer" + std::to_string(i)});
  }
  const auto counts = counters.Read();
  EXPECT_EQ(counts.size(), Counters::kSeriesMax + 1);
  EXPECT_EQ(counts.at({"other"}), 3U);
}

}  // namespace
}  // namespace grant::metrics
