// A file descriptor that is closed with its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace grant {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}  // takes over `fd`; negative: none
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace grant
