#include "grantd/metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grant::metrics {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Exposition, CountersAreNamedAndLabelled) {
  Counters counters;
  counters.Increment({"release", "signed"});
  Exposition page;
  page.Begin("grantd_signatures_total", Type::kCounter, "Signatures.");
  page.Add({"signer", "outcome"}, counters);
  EXPECT_EQ(page.text(),
            "# HELP grantd_signatures_total Signatures.\n"
            "# TYPE grantd_signatures_total counter\n"
            "grantd_signatures_total{signer=\"release\",outcome=\"signed\"} 1\n");
}

TEST(Exposition, ASampleWithoutLabelsHasNoBraces) {
  Exposition page;
  page.Begin("grantd_open_requests", Type::kGauge, "Open requests.");
  page.Add({}, 3);
  EXPECT_THAT(page.text(), HasSubstr("\ngrantd_open_requests 3\n"));
}

TEST(Exposition, ValuesOfLabelsAreEscaped) {
  Exposition page;
  page.Begin("x", Type::kGauge, "X.");
  page.Add({{"a", "1\"2\\3\n4"}}, 1);
  EXPECT_THAT(page.text(), HasSubstr("x{a=\"1\\\"2\\\\3\\n4\"} 1\n"));
}

TEST(Exposition, BucketsOfAHistogramAddUp) {
  Histogram histogram;
  histogram.Record(std::chrono::microseconds(1));
  histogram.Record(std::chrono::microseconds(4));
  histogram.Record(std::chrono::hours(1));
  Exposition page;
  page.Begin("t_seconds", Type::kHistogram, "Time.");
  page.Add({{"stage", "spend"}}, histogram.Read());
  EXPECT_THAT(page.text(), StartsWith("# HELP t_seconds Time.\n# TYPE t_seconds histogram\n"
                                      "t_seconds_bucket{stage=\"spend\",le=\"1e-06\"} 1\n"
                                      "t_seconds_bucket{stage=\"spend\",le=\"2e-06\"} 1\n"
                                      "t_seconds_bucket{stage=\"spend\",le=\"4e-06\"} 2\n"));
  EXPECT_THAT(page.text(), HasSubstr("t_seconds_bucket{stage=\"spend\",le=\"16.777216\"} 2\n"
                                     "t_seconds_bucket{stage=\"spend\",le=\"+Inf\"} 3\n"
                                     "t_seconds_sum{stage=\"spend\"} 3600.000005\n"
                                     "t_seconds_count{stage=\"spend\"} 3\n"));
}

}  // namespace
}  // namespace grant::metrics
