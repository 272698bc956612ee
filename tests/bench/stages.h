// What grantd says of its own time.
#pragma once

#include <string>

namespace grant::bench {

// How long the stages of the signatures of one placement took in all, in microseconds; see
// grantd/gate/signing_metrics.h.
struct Stages {
  double count = 0;
  double decide_us = 0;
  double spend_us = 0;
  double token_us = 0;
  double deliver_us = 0;

  // What has come since `before`, for each signature.
  Stages PerSignatureSince(const Stages& before) const;
};

// From the text of GET /v1/metrics.
Stages ReadStages(const std::string& metrics, const std::string& placement);

}  // namespace grant::bench
