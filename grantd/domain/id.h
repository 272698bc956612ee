// Identifiers: a prefix and a ULID (26 characters of Crockford's base 32: 48 bits of milliseconds,
// 80 random bits), so that they sort by time.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "grantd/domain/time.h"

namespace grant {

using IdEntropy = std::array<uint8_t, 10>;

inline constexpr std::string_view kRequestPrefix = "req_";
inline constexpr std::string_view kGrantPrefix = "grt_";
inline constexpr std::string_view kNotificationPrefix = "ntf_";

std::string MakeId(std::string_view prefix, Time now, const IdEntropy& entropy);

// Whether `text` may be the beginning of an ID with this prefix: the prefix and at most 26
// characters of the alphabet.
bool IsIdPrefix(std::string_view prefix, std::string_view text);

}  // namespace grant
