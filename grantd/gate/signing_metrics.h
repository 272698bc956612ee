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

// Each signature passes decide, then spend and token side by side, then deliver. `kWait` is what
// the spend takes longer than the token, so decide + token + wait + deliver is all of its time
// here. A signature of the wrap placement has no token stage.
enum class Stage { kDecide, kSpend, kToken, kWait, kDeliver };

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
  static constexpr size_t kStages = 5;

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

  // The spend begins.
  void Decided() {
    metrics_.Took(spend_only_, Stage::kDecide, decided_before_ + watch_.Elapsed());
    watch_ = {};
  }
  // The use is durable; may be called by another thread than the rest, before Released().
  void Spent() const { metrics_.Took(spend_only_, Stage::kSpend, watch_.Elapsed()); }
  // Runs `sign()` as the token's stage.
  template <typename Sign>
  auto OnToken(Sign sign) {
    const metrics::Stopwatch token_watch;
    auto signature = sign();
    on_token_ = token_watch.Elapsed();
    metrics_.Took(spend_only_, Stage::kToken, on_token_);
    return signature;
  }
  // Spend and token are done.
  void Released() {
    metrics_.Took(spend_only_, Stage::kWait, watch_.Elapsed() - on_token_);
    watch_ = {};
  }
  void Delivered() const { metrics_.Took(spend_only_, Stage::kDeliver, watch_.Elapsed()); }

 private:
  SigningMetrics& metrics_;
  const bool spend_only_;
  const std::chrono::nanoseconds decided_before_;
  std::chrono::nanoseconds on_token_{};
  metrics::Stopwatch watch_;  // since the last stage ended
};

}  // namespace grant
