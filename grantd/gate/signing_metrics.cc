#include "grantd/gate/signing_metrics.h"

namespace grant {

void SigningMetrics::Show(metrics::Exposition& page) const {
  static constexpr std::array<const char*, 2> kPlacements{"broker", "wrap"};
  static constexpr std::array<const char*, kStages> kNames{"decide", "spend", "token", "deliver"};
  page.Begin("grantd_signatures_total", metrics::Type::kCounter,
             "Uses that were spent, by signer and by what became of the signature.");
  page.Add({"signer", "outcome"}, signatures_);
  page.Begin("grantd_refusals_total", metrics::Type::kCounter,
             "Refusals that modules were told, by reason.");
  page.Add({"reason"}, refusals_);
  page.Begin(
      "grantd_signature_stage_seconds", metrics::Type::kHistogram,
      "Time that each stage of a signature took; the token signs during the spend, and its stage "
      "is what it took longer.");
  for (size_t placement = 0; placement < kPlacements.size(); ++placement) {
    for (size_t stage = 0; stage < kStages; ++stage) {
      page.Add({{"placement", kPlacements[placement]}, {"stage", kNames[stage]}},
               stages_[placement][stage].Read());
    }
  }
}

}  // namespace grant
