#include "grantd/gate/signing_metrics.h"

#include "tests/unit/gate/signing_fixture.h"

namespace grant {
namespace {

using testing::HasSubstr;
using testing::Not;

class SigningMetricsTest : public SigningTest {
 protected:
  std::string Page() {
    metrics::Exposition page;
    signing_.metrics().Show(page);
    return page.text();
  }

  static std::string Count(const std::string& placement, const std::string& stage, int count) {
    return "grantd_signature_stage_seconds_count{placement=\"" + placement + "\",stage=\"" + stage +
           "\"} " + std::to_string(count) + "\n";
  }
};

TEST_F(SigningMetricsTest, ASignaturePassesEveryStageOnce) {
  ASSERT_TRUE(SignAs("unix:alice"));
  const std::string page = Page();
  for (const char* stage : {"decide", "spend", "token", "deliver"}) {
    EXPECT_THAT(page, HasSubstr(Count("broker", stage, 1)));
    EXPECT_THAT(page, HasSubstr(Count("wrap", stage, 0)));
  }
  EXPECT_THAT(page, HasSubstr("grantd_signatures_total{signer=\"release\",outcome=\"signed\"} 1"));
}

TEST_F(SigningMetricsTest, TheWrapPlacementHasNoTokenStage) {
  target_.spend_only = true;
  ASSERT_TRUE(SignAs("unix:alice"));
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr(Count("wrap", "deliver", 1)));
  EXPECT_THAT(page, HasSubstr(Count("wrap", "token", 0)));
  EXPECT_THAT(page,
              HasSubstr("grantd_signatures_total{signer=\"release\",outcome=\"delegated\"} 1"));
}

TEST_F(SigningMetricsTest, AUseThatWasGivenBackIsNoDelivery) {
  sign_ = [] { return tl::make_unexpected(TokenFailure{CKR_DATA_LEN_RANGE, "C_Sign", true}); };
  ASSERT_FALSE(SignAs("unix:alice"));
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr(Count("broker", "spend", 1)));
  EXPECT_THAT(page, HasSubstr(Count("broker", "deliver", 0)));
  EXPECT_THAT(page,
              HasSubstr("grantd_signatures_total{signer=\"release\",outcome=\"returned\"} 1"));
}

TEST_F(SigningMetricsTest, WhoIsRefusedBeforeTheSpendTakesNoStage) {
  ASSERT_FALSE(SignAs("unix:mallory"));
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr(Count("broker", "decide", 0)));
  EXPECT_THAT(page, Not(HasSubstr("signer=")));
}

TEST_F(SigningMetricsTest, RefusalsAreCountedByReason) {
  signing_.metrics().Refused(Cause::kUsedUp);
  signing_.metrics().Refused(Cause::kUsedUp);
  EXPECT_THAT(Page(), HasSubstr("grantd_refusals_total{reason=\"used-up\"} 2\n"));
}

}  // namespace
}  // namespace grant
