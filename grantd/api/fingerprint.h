// Short names for texts.
#pragma once

#include <string>
#include <string_view>

namespace grant::api {

inline constexpr size_t kFingerprintBytesMax = 32;

// The first `bytes` bytes of the text's SHA-256, in hex.
std::string Fingerprint(std::string_view text, size_t bytes);

}  // namespace grant::api
