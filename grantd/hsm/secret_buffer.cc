#include "grantd/hsm/secret_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace grant {

SecretBuffer::SecretBuffer(size_t capacity) : capacity_(capacity) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  mapped_ = std::max<size_t>(1, (capacity + page - 1) / page) * page;
  void* const memory =
      mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  bytes_ = static_cast<uint8_t*>(memory);
  locked_ = mlock(memory, mapped_) == 0;
  madvise(memory, mapped_, MADV_DONTDUMP);
}

SecretBuffer::SecretBuffer(SecretBuffer&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)),
      capacity_(std::exchange(other.capacity_, 0)),
      used_(std::exchange(other.used_, 0)),
      mapped_(std::exchange(other.mapped_, 0)),
      locked_(other.locked_) {}

SecretBuffer& SecretBuffer::operator=(SecretBuffer&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(capacity_, other.capacity_);
  std::swap(used_, other.used_);
  std::swap(mapped_, other.mapped_);
  std::swap(locked_, other.locked_);
  return *this;
}

SecretBuffer::~SecretBuffer() {
  if (bytes_ == nullptr) return;
  explicit_bzero(bytes_, mapped_);
  munmap(bytes_, mapped_);
}

SecretBuffer SecretBuffer::CopyOf(ByteView secret) {
  SecretBuffer copy(secret.size());
  std::ranges::copy(secret, copy.bytes_);
  copy.used_ = secret.size();
  return copy;
}

void SecretBuffer::Use(size_t bytes) {
  used_ = std::min(bytes, capacity_);
}

}  // namespace grant
