// Waiting for a request to be decided.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "tools/grantctl/output.h"

namespace grant::ctl {

inline constexpr std::chrono::seconds kPollInterval{2};
// How many polls in a row may find no grantd, for instance while it restarts, where nobody has set
// a limit.
inline constexpr int kUnreachablePollsMax = 30;

// Whether grantd is not there, or does not answer: another time it may.
inline bool IsAway(const Failure& failure) {
  return failure.exit == Exit::kUnreachable || failure.exit == Exit::kPending;
}

// How long a command goes on asking grantd, over any number of calls.
class Patience {
 public:
  // Without a limit only an absence of grantd ends it.
  Patience(Context& context, std::optional<std::chrono::seconds> limit)
      : context_(context), limit_(limit) {}

  bool IsOver() const { return limit_ && spent_ >= *limit_; }
  // Until the next call is due. False if the user interrupts.
  bool Pause();
  // Calls grantd, for no longer than is left.
  Outcome<Json> Ask(const std::function<Outcome<Json>(std::chrono::seconds timeout)>& call);
  // Whether it is worth asking again after this failure.
  bool Bears(const Failure& failure);

 private:
  Context& context_;
  std::optional<std::chrono::seconds> limit_;
  std::chrono::milliseconds spent_{0};
  int failures_ = 0;  // in a row
};

struct Waited {
  Json request;  // as it was seen last
  Exit exit = Exit::kOk;
  bool interrupted = false;
};

// Asks for the request, known as it was a moment ago, until it is no longer open, the patience is
// over or the user interrupts. Tells on stderr who still has to approve, whenever that changes, and
// once what an interruption does.
Outcome<Waited> WaitForDecision(Context& context, Json request, Patience& patience,
                                const std::string& interruption);
Outcome<Waited> WaitForDecision(Context& context, Json request,
                                std::optional<std::chrono::seconds> timeout,
                                const std::string& interruption = "leaves it open");

}  // namespace grant::ctl
