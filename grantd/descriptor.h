// A file descriptor that is closed with its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace grant {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}  // takes over `fd`; negative: none
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace grant
