// Memory for a PIN or another secret.
#pragma once

#include <cstdint>
#include <span>

#include "grant/bytes.h"

namespace grant {

// Pages of its own for a secret: locked, so that they are never written to swap, left out of core
// dumps, and overwritten when they are given back. Locking fails where RLIMIT_MEMLOCK is used up;
// the secret is then kept all the same. Not for several threads at once.
class SecretBuffer {
 public:
  // Room for `capacity` bytes, of which none is used. Throws std::bad_alloc.
  explicit SecretBuffer(size_t capacity);
  SecretBuffer(SecretBuffer&& other) noexcept;
  SecretBuffer& operator=(SecretBuffer&& other) noexcept;
  SecretBuffer(const SecretBuffer&) = delete;
  SecretBuffer& operator=(const SecretBuffer&) = delete;
  ~SecretBuffer();

  static SecretBuffer CopyOf(ByteView secret);

  std::span<uint8_t> room() { return {bytes_, capacity_}; }
  // How much of the room is the secret.
  void Use(size_t bytes);

  ByteView bytes() const { return {bytes_, used_}; }
  bool locked() const { return locked_; }

 private:
  uint8_t* bytes_ = nullptr;
  size_t capacity_ = 0;
  size_t used_ = 0;
  size_t mapped_ = 0;
  bool locked_ = false;
};

}  // namespace grant
