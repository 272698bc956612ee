// What grantd counts and times of signatures, for whoever watches it run.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "grant/refusal.h"
#include "grantd/metrics/counters.h"
#include "grantd/metrics/exposition.h"
#include "grantd/metrics/histogram.h"
#include "grantd/metrics/stopwatch.h"
#include "grantd/store/tables.h"

namespace grant {

// Each signature passes these, which together are all of its time here. The token signs while the
// use is spent, and `kToken` is what it takes longer than that. A signature of the wrap placement
// has no token stage.
enum class Stage { kDecide, kSpend, kToken, kDeliver };

// Any thread may call these.
class SigningMetrics {
 public:
  void Took(bool spend_only, Stage stage, std::chrono::nanoseconds taken) {
    stages_[spend_only ? 1 : 0][static_cast<size_t>(stage)].Record(taken);
  }
  // What became of a use that was spent.
  void Ended(const std::string& signer, UseOutcome outcome) {
    signatures_.Increment({signer, Name(outcome)});
  }
  void Refused(Cause cause) { refusals_.Increment({CauseName(cause)}); }

  void Show(metrics::Exposition& page) const;

 private:
  static constexpr size_t kStages = 4;

  std::array<std::array<metrics::Histogram, kStages>, 2> stages_;  // broker, wrap
  metrics::Counters signatures_;
  metrics::Counters refusals_;
};

// Times the stages of one signature as it passes them.
class StageTimer {
 public:
  // `decided_before` is how long deciding took before the timer was made.
  StageTimer(SigningMetrics& metrics, bool spend_only, std::chrono::nanoseconds decided_before)
      : metrics_(metrics), spend_only_(spend_only), decided_before_(decided_before) {}

  // The spend begins, and with it the token's work.
  void Decided() {
    metrics_.Took(spend_only_, Stage::kDecide, decided_before_ + watch_.Elapsed());
    watch_ = {};
  }
  // The use is durable, or could not be spent.
  void Spent() { End(Stage::kSpend); }
  // The token has answered.
  void Signed() { End(Stage::kToken); }
  void Delivered() { End(Stage::kDeliver); }

 private:
  void End(Stage stage) {
    metrics_.Took(spend_only_, stage, watch_.Elapsed());
    watch_ = {};
  }

  SigningMetrics& metrics_;
  const bool spend_only_;
  const std::chrono::nanoseconds decided_before_;
  metrics::Stopwatch watch_;  // since the last stage ended
};

}  // namespace grant
