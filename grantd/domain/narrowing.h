// What approvers leave of a request: they may grant less than was asked for, never more.
#pragma once

#include <cstdint>
#include <optional>

#include "grant/error.h"
#include "grantd/domain/time.h"

namespace grant {

struct Request;

struct Narrowing {
  std::optional<uint32_t> signings;  // at most so many signatures
  std::optional<Duration> window;    // a grant that can be used for so long at most
  bool empty() const { return !signings && !window; }
  bool operator==(const Narrowing&) const = default;
};

// Whether it leaves something, and asks for no more than the request did.
Status CheckNarrowing(const Request& request, const Narrowing& narrowing);

// The least that any approval of the request leaves, also one whose approver does not count any
// more: what somebody took away never comes back.
Narrowing NarrowestOf(const Request& request);

}  // namespace grant
