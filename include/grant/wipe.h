// Text and bytes that are overwritten when they are no longer needed: PINs and secrets.
#pragma once

#include <string.h>  // explicit_bzero

#include <array>
#include <string>

#include "grant/bytes.h"

namespace grant {

inline void Wipe(std::string& text) {
  if (!text.empty()) explicit_bzero(text.data(), text.size());
  text.clear();
}

inline void Wipe(Bytes& bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
  bytes.clear();
}

template <size_t kSize>
void Wipe(std::array<uint8_t, kSize>& bytes) {
  explicit_bzero(bytes.data(), kSize);
}

// Wipes a string or bytes that others fill, at the end of the scope.
template <typename T>
class WipeAtEnd {
 public:
  explicit WipeAtEnd(T& target) : target_(target) {}
  ~WipeAtEnd() { Wipe(target_); }
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;

 private:
  T& target_;
};

}  // namespace grant
