#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using MetricsTest = ApiTest;

TEST_F(MetricsTest, ThePageIsShownAsItIs) {
  metrics_ = "# TYPE grantd_refusals_total counter\ngrantd_refusals_total{reason=\"used-up\"} 2\n";
  const Reply reply = Get("olga", "/v1/metrics");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text, metrics_);
}

}  // namespace
}  // namespace grant::api
