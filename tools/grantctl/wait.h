// Waiting for a request to be decided.
#pragma once

#include <chrono>
#include <optional>

#include "tools/grantctl/output.h"

namespace grant::ctl {

inline constexpr std::chrono::seconds kPollInterval{2};
// How many polls in a row may find no grantd, for instance while it restarts.
inline constexpr int kUnreachablePollsMax = 30;

struct Waited {
  Json request;  // as it was seen last
  Exit exit = Exit::kOk;
};

// Asks for the request, known as it was a moment ago, until it is no longer open, `timeout` is over
// or the user interrupts. Tells on stderr who still has to approve, whenever that changes, and once
// what an interruption does.
Outcome<Waited> WaitForDecision(Context& context, Json request,
                                std::optional<std::chrono::seconds> timeout,
                                const std::string& interruption = "leaves it open");

}  // namespace grant::ctl
