// Text in PKCS#11's records.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "grant/cryptoki/cryptoki.h"

namespace grant::cryptoki {

// A blank-padded field of PKCS#11's records without its padding. Some modules end a field with a
// zero byte instead of padding it with blanks.
template <size_t kBytes>
std::string Unpadded(const CK_UTF8CHAR (&field)[kBytes]) {
  const std::string_view text(reinterpret_cast<const char*>(field), kBytes);
  const std::string_view used = text.substr(0, text.find('\0'));
  return std::string(used.substr(0, used.find_last_not_of(' ') + 1));
}

}  // namespace grant::cryptoki
