// Requests that were asked for before.
#pragma once

#include <string>
#include <string_view>

#include "grantd/domain/request.h"

namespace grant {

// Of one requester, while they are undecided.
inline constexpr uint32_t kOpenRequestsMaxDefault = 20;
inline constexpr uint32_t kOpenRequestsMaxMost = 10'000;

inline constexpr size_t kIdempotencyKeyBytesMax = 128;

// Printable ASCII, not empty; kInvalid or kTooLarge.
Status CheckIdempotencyKey(std::string_view key);

// Whether the wish is what the request, of the same requester, was filed for: signer, window,
// signings, content, scopes, justification and whether there is a secret. Names of files do not
// matter, nor does the order of digests and scopes.
bool AsksTheSame(const Wish& wish, const Request& request);

}  // namespace grant
