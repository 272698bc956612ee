// One stream socket that carries gate frames, for either side. Blocking, with a deadline on each
// call; never raises SIGPIPE; descriptors are close-on-exec. Not for use by two threads at once.
// Needs libc only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "grant/bytes.h"
#include "grant/error.h"
#include "grant/gate/protocol.h"

namespace grant::gate {

using Deadline = std::chrono::steady_clock::time_point;

class Connection {
 public:
  Connection() = default;
  // Takes over `fd`.
  explicit Connection(int fd) : fd_(fd) {}
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Connects to "unix:/path". Errors: kInvalid (not such an address), kUnavailable (nobody
  // listens), kTimeout.
  static Result<Connection> Open(std::string_view address, Deadline deadline);

  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  void Close();

  // Errors of all three: kUnavailable (the peer is gone), kTimeout, kTooLarge, kInvalid. After any
  // error the stream's state is unknown and the connection is closed.
  Status Send(MessageType type, uint32_t sequence, ByteView body, Deadline deadline);
  Result<Frame> Receive(size_t body_bytes_max, Deadline deadline);

  // Sends and receives the frame with the same sequence number, or a Refused with number 0, by
  // which the peer turns the whole connection away.
  Result<Frame> Call(MessageType type, ByteView body, Deadline deadline);

 private:
  Status Put(MessageType type, uint32_t sequence, ByteView body, Deadline deadline);

  int fd_ = -1;
  uint32_t next_sequence_ = 1;
};

}  // namespace grant::gate
