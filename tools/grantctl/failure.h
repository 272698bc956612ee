// What ends a command early, and the exit codes.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "grant/error.h"

namespace grant::ctl {

// The numbers are a contract with scripts (docs/cli.md).
enum class Exit : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,            // the command line is wrong; nothing was sent
  kRefused = 3,          // not allowed, not in this state, or decided against
  kUnauthenticated = 4,  // grantd does not know who is asking
  kPending = 5,          // timed out, or still undecided
  kUnreachable = 6,      // grantd is not there, or cannot serve now
};

// Printed as "grantctl: <message>" and "hint: <hint>". Both may hold text of other people: whoever
// prints them sanitises them.
struct Failure {
  Exit exit = Exit::kFailed;
  std::string message;
  std::string hint;
  bool uncertain = false;  // what was asked may have happened all the same
  bool stale = false;      // what was to be changed is no longer what it was
};

template <typename T>
using Outcome = tl::expected<T, Failure>;

inline tl::unexpected<Failure> Failed(Exit exit, std::string message, std::string hint = {}) {
  return tl::unexpected<Failure>(Failure{exit, std::move(message), std::move(hint)});
}

// The failure that an answer with an error status stands for; `body` is the problem document
// (RFC 9457), or whatever came in its place.
Failure FailureOfAnswer(long status, std::string_view body);

}  // namespace grant::ctl
