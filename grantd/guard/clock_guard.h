// Whether the clock can be believed: it neither goes back behind what was seen, nor leaps.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "grantd/domain/time.h"

namespace grant {

// The system's clock and one that only counts (CLOCK_BOOTTIME: also while the machine sleeps), read
// together.
struct ClockReading {
  std::chrono::nanoseconds wall{};  // since the epoch
  std::chrono::nanoseconds since_boot{};

  Time time() const { return Time(std::chrono::floor<Duration>(wall)); }
};

// A clock that goes back would let grants live again that have ended; one that leaps ahead would
// let grants begin early and requests expire. So
// - the clock may not be more than kClockTolerance behind the latest time it was believed at, which
//   outlives grantd in the mark file;
// - within one run it may not part by more than kClockTolerance from the clock that only counts.
//   What daemons do to correct a clock in passing, up to a tenth of the time that goes by, adds up
//   to nothing.
// While it is not believed, nothing is learnt from it; it is believed again when it is back. It
// reads no clock. Not for several threads.
class ClockGuard {
 public:
  // `latest`: the latest time at which the clock was believed, in earlier runs.
  explicit ClockGuard(Time latest) : latest_(latest) {}

  // What is wrong with the clock; nothing where it is believed.
  std::optional<std::string> Judge(const ClockReading& now);
  // An administrator says that the clock is right.
  void Believe(const ClockReading& now);

  Time latest() const { return latest_; }

 private:
  struct Run {
    std::chrono::nanoseconds offset{};  // between the two clocks
    std::chrono::nanoseconds since_boot{};
  };

  Time latest_;
  std::optional<Run> run_;  // once the clock was believed
};

inline constexpr std::chrono::seconds kClockTolerance{2};

}  // namespace grant
