// SHA-256 over bytes that are at hand.
#pragma once

#include <array>
#include <cstdint>

#include "grant/bytes.h"

namespace grant {

inline constexpr size_t kSha256Bytes = 32;

// Of the two one behind the other. Any thread may call this. Throws where the library has none.
std::array<uint8_t, kSha256Bytes> Sha256(ByteView first, ByteView second = {});

}  // namespace grant
