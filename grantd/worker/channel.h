// One stream socket that carries frames between grantd and a worker, for either side. Blocking;
// never raises SIGPIPE. One thread at a time.
#pragma once

#include <chrono>
#include <optional>

#include "grantd/descriptor.h"
#include "grantd/worker/messages.h"

namespace grant::worker {

struct Frame {
  MessageType type{};
  ByteView body;  // valid until the channel is next used
};

enum class Trouble {
  kClosed,     // the peer is gone
  kLate,       // nothing, or not all of it, within the time limit
  kMalformed,  // over the bound, or more than one frame
};

class Channel {
 public:
  // Without a `time_limit` calls wait for as long as the peer lives.
  explicit Channel(Descriptor socket, std::optional<std::chrono::milliseconds> time_limit = {});
  Channel(Channel&&) noexcept = default;
  Channel& operator=(Channel&&) noexcept = default;

  // Two connected sockets, close-on-exec.
  static Result<std::pair<Descriptor, Descriptor>> MakePair();

  // After any trouble the stream's state is unknown.
  tl::expected<void, Trouble> Send(MessageType type, ByteView body);
  template <typename M>
  tl::expected<void, Trouble> Send(const M& message) {
    return Send(M::kType, Encode(message));
  }
  tl::expected<Frame, Trouble> Receive(size_t body_bytes_max);

  // Overwrites what the last frames left behind.
  void Wipe();

 private:
  tl::expected<void, Trouble> AwaitBytes(std::chrono::steady_clock::time_point deadline) const;
  tl::expected<void, Trouble> Fill(size_t bytes, std::chrono::steady_clock::time_point deadline);

  Descriptor socket_;
  std::optional<std::chrono::milliseconds> time_limit_;
  Bytes buffer_;
  size_t filled_ = 0;
};

}  // namespace grant::worker
