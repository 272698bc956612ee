// The token PIN: read from its file just before it is used, wiped right after.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "grant/error.h"

namespace grant {

// Owns a PIN and overwrites it when it is destroyed or moved from.
class Pin {
 public:
  static constexpr size_t kBytesMax = 255;

  Pin(Pin&& other) noexcept;
  Pin(const Pin&) = delete;
  Pin& operator=(Pin&&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin();

  std::span<const uint8_t> bytes() const { return {bytes_.data(), length_}; }

 private:
  friend Result<Pin> ReadPinFile(const std::string& path, std::string_view title);
  Pin() = default;

  // One more than the file may hold beside its newline shows that it holds too much.
  std::array<uint8_t, kBytesMax + 2> bytes_{};
  size_t length_ = 0;
};

// The PIN in the file, without the newline at its end: 1 to 255 bytes, no control characters. The
// file is a regular one that belongs to this process's user or to root, and nobody else has any
// permission on it; a symbolic link is not followed. Any thread. Errors: kInvalid for all of it.
// `title` says in errors what the file holds, for other secrets that are kept in the same way.
Result<Pin> ReadPinFile(const std::string& path, std::string_view title = "PIN");

}  // namespace grant
