// Crockford's base 32, in which IDs and grant secrets are written: no letter in it is mistaken for
// another or for a digit.
#pragma once

#include <string>
#include <string_view>

#include "grant/bytes.h"

namespace grant {

inline constexpr std::string_view kBase32Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Appends `characters` for the first 5 * `characters` bits of `bytes`, which has as many at least.
inline void AppendBase32(std::string& text, ByteView bytes, size_t characters) {
  for (size_t i = 0; i < characters; ++i) {
    const size_t bit = i * 5;
    const size_t next = bit / 8 + 1;
    const uint32_t window =
        uint32_t{bytes[bit / 8]} << 8 | (next < bytes.size() ? uint32_t{bytes[next]} : 0U);
    text += kBase32Alphabet[(window >> (11 - bit % 8)) & 31];
  }
}

}  // namespace grant
