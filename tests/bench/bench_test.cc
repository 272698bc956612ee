// The benchmark measures what it says, however fast that is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/fill.h"
#include "tests/bench/markdown.h"
#include "tests/bench/matrix.h"
#include "tests/bench/stages.h"
#include "tests/bench/statistics.h"

namespace grant::bench {
namespace {

using testing::HasSubstr;

TEST(Bench, TheTableIsCompleteAndEverySignatureIsAUse) {
  Site site({P256()});
  FillGrants(site.state_dir(), 3, P256().label, Self());
  FillAudit(site.state_dir(), 3, P256().label, Self());
  site.Start();
  MatrixOptions options;
  options.threads = {1, 2};
  options.rounds = 2;
  options.slice_ms = 40;
  const Matrix matrix = MeasureMatrix(site, options);
  EXPECT_GT(matrix.uses, 0);
  EXPECT_EQ(matrix.signatures, matrix.uses);
  for (const int threads : options.threads) {
    for (const char* module : {kPlain, kBroker, kWrap}) {
      const Cell* cell = matrix.Find("P-256", threads, module);
      ASSERT_NE(cell, nullptr) << module;
      EXPECT_TRUE(cell->supported) << module;
      EXPECT_GT(cell->per_second, 0) << module;
      EXPECT_LE(cell->p50_us, cell->p99_us) << module;
      EXPECT_EQ(cell->added.has_value(), std::string(module) != kPlain) << module;
    }
  }
  EXPECT_THAT(MatrixTable(matrix), HasSubstr("broker"));
  const std::string metrics = site.Metrics();
  EXPECT_EQ(ReadStages(metrics, kBroker).count + ReadStages(metrics, kWrap).count, matrix.uses);
  EXPECT_THAT(metrics, HasSubstr("grantd_signatures_total{signer=\"p256\",outcome=\"signed\"} "));
}

TEST(Bench, QuantilesAreOfTheSortedValues) {
  EXPECT_EQ(Quantile({3, 1, 2}, 0), 1);
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Quantile({3, 1, 2}, 1), 3);
  EXPECT_EQ(Quantile({}, 0.5), 0);
}

TEST(Bench, StagesAreThoseOfThePlacement) {
  std::string metrics = "# TYPE grantd_signature_stage_seconds histogram\n";
  for (const char* what : {"sum", "count"}) {
    for (const char* stage : {"decide", "spend", "token", "deliver"}) {
      metrics += std::string("grantd_signature_stage_seconds_") + what +
                 "{placement=\"broker\",stage=\"" + stage + "\"} 4\n";
    }
  }
  const Stages all = ReadStages(metrics, kBroker);
  EXPECT_EQ(all.count, 4);
  EXPECT_EQ(all.decide_us, 4e6);
  EXPECT_EQ(all.PerSignatureSince({}).decide_us, 1e6);
  EXPECT_THROW(ReadStages(metrics, kWrap), std::runtime_error);
}

}  // namespace
}  // namespace grant::bench
