// When a run of grantd is killed.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>

#include "grantd/failpoint.h"
#include "tests/support/child_process.h"

namespace grant::test {

struct Fault {
  std::optional<failpoint::Point> point;  // else at a random moment
  int count = 1;                          // at which of the times that it is reached
  std::chrono::microseconds delay{0};     // after that
  // A random moment counts from the start of the clients' work. Where the point is not reached, the
  // run is killed by then, too.
  std::chrono::milliseconds limit{0};

  // What the handler of failpoint_handler.h is to be told.
  Environment environment() const;
  std::string name() const;  // "spend.counted", "random moment"
  // Whether it comes only where the database's log is long: see long_log.h.
  bool needs_long_log() const;
};

// Of a run that has to make the database, or to bring an old one up to date: each point in turn,
// and nothing once all of them had theirs. `exactly` at it, so that the next one is still to come.
std::optional<Fault> FaultOfBirth(bool is_new, size_t turn, bool exactly, std::mt19937_64& chance);
// Each point of a running grantd in turn, and every fifth time a random moment. `turn` counts up.
Fault FaultAtWork(size_t turn, std::mt19937_64& chance);
Fault FaultAtRandom(std::mt19937_64& chance);

}  // namespace grant::test
