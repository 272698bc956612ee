// Text in the fields of CK_*_INFO: filled up with blanks, without an end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "grant/cryptoki/cryptoki.h"

namespace grant::pkcs11 {

// Text that is too long is cut, never in the middle of a UTF-8 character.
template <typename Character, size_t N>
void Pad(std::string_view text, Character (&field)[N]) {
  size_t size = std::min(text.size(), N);
  if (size < text.size()) {
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  }
  std::fill(std::copy_n(text.begin(), size, field), field + N, static_cast<Character>(' '));
}

inline CK_VERSION Version(uint16_t packed) {
  return {static_cast<CK_BYTE>(packed >> 8), static_cast<CK_BYTE>(packed & 0xff)};
}

}  // namespace grant::pkcs11
