#include "grantd/guard/clock_guard.h"

#include <algorithm>

namespace grant {
namespace {

using std::chrono::nanoseconds;

// chronyd corrects by at most a twelfth of the time that goes by, others by far less.
constexpr int kSlewShare = 10;

std::string Span(nanoseconds span) {
  return FormatDuration(std::chrono::floor<Duration>(span));
}

}  // namespace

std::optional<std::string> ClockGuard::Judge(const ClockReading& now) {
  if (now.time() < latest_ - kClockTolerance) {
    return "the clock says " + FormatTime(now.time()) + ", which is " + Span(latest_ - now.time()) +
           " before a time that grantd has seen already";
  }
  const nanoseconds offset = now.wall - now.since_boot;
  if (!run_) run_ = Run{offset, now.since_boot};
  const nanoseconds parted = offset - run_->offset;
  if (parted > kClockTolerance) {
    return "the clock says " + FormatTime(now.time()) + ": it leapt " + Span(parted) + " ahead";
  }
  if (parted < -kClockTolerance) {
    return "the clock says " + FormatTime(now.time()) + ": it leapt " + Span(-parted) + " back";
  }
  const nanoseconds slewed = (now.since_boot - run_->since_boot) / kSlewShare;
  run_->offset += std::clamp(parted, -slewed, slewed);
  run_->since_boot = now.since_boot;
  latest_ = std::max(latest_, now.time());
  return std::nullopt;
}

void ClockGuard::Believe(const ClockReading& now) {
  latest_ = now.time();
  run_ = Run{now.wall - now.since_boot, now.since_boot};
}

}  // namespace grant
