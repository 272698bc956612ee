#include "grantd/worker/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <system_error>

#include "grant/wipe.h"

namespace grant::worker {
namespace {

using Clock = std::chrono::steady_clock;

// Most frames fit in, so that they come with one call.
constexpr size_t kBufferBytes = 4096;
constexpr size_t kStepBytes = size_t{64} * 1024;

void LimitTime(int fd, std::chrono::milliseconds limit) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(limit - seconds);
  const timeval time{static_cast<time_t>(seconds.count()), static_cast<suseconds_t>(rest.count())};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

}  // namespace

Channel::Channel(Descriptor socket, std::optional<std::chrono::milliseconds> time_limit)
    : socket_(std::move(socket)), time_limit_(time_limit), buffer_(kBufferBytes) {
  if (time_limit_) LimitTime(socket_.get(), *time_limit_);
}

Result<std::pair<Descriptor, Descriptor>> Channel::MakePair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Fail(Code::kUnavailable,
                "cannot make a socket: " + std::generic_category().message(errno));
  }
  return std::pair(Descriptor(ends[0]), Descriptor(ends[1]));
}

tl::expected<void, Trouble> Channel::Send(MessageType type, ByteView body) {
  const auto deadline = Clock::now() + time_limit_.value_or(std::chrono::hours(1));
  Bytes header = EncodeHeader({static_cast<uint32_t>(body.size()), type});
  ByteView head = header;
  while (!head.empty() || !body.empty()) {
    iovec parts[2] = {{const_cast<uint8_t*>(head.data()), head.size()},
                      {const_cast<uint8_t*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      const size_t of_head = std::min(head.size(), static_cast<size_t>(sent));
      head = head.subspan(of_head);
      body = body.subspan(static_cast<size_t>(sent) - of_head);
    } else if (errno == EAGAIN) {
      return tl::make_unexpected(Trouble::kLate);
    } else if (errno != EINTR) {
      return tl::make_unexpected(Trouble::kClosed);
    }
    // What is sent to its last byte may be acted on, however late it is.
    const bool whole = head.empty() && body.empty();
    if (!whole && time_limit_ && Clock::now() > deadline) {
      return tl::make_unexpected(Trouble::kLate);
    }
  }
  return {};
}

// In poll() and not in recv(), which Linux also wakes whenever the peer takes what was sent to it.
tl::expected<void, Trouble> Channel::AwaitBytes(Clock::time_point deadline) const {
  pollfd entry{socket_.get(), POLLIN, 0};
  int wait_ms = -1;
  if (time_limit_) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    wait_ms = static_cast<int>(std::clamp<int64_t>(rest.count(), 0, INT_MAX));
  }
  const int ready = poll(&entry, 1, wait_ms);
  if (ready == 0) return tl::make_unexpected(Trouble::kLate);
  if (ready < 0 && errno != EINTR) return tl::make_unexpected(Trouble::kClosed);
  return {};
}

// Until there are so many bytes in the buffer, or more.
tl::expected<void, Trouble> Channel::Fill(size_t bytes, Clock::time_point deadline) {
  while (filled_ < bytes) {
    // The buffer grows as bytes arrive, so that a mere claim of a length costs nothing.
    if (filled_ == buffer_.size()) {
      buffer_.resize(std::min(bytes, std::max(2 * filled_, filled_ + kStepBytes)));
    }
    const ssize_t got =
        recv(socket_.get(), buffer_.data() + filled_, buffer_.size() - filled_, MSG_DONTWAIT);
    if (got > 0) {
      filled_ += static_cast<size_t>(got);
    } else if (got < 0 && errno == EAGAIN) {
      GRANT_CHECK(AwaitBytes(deadline));
    } else if (got == 0 || errno != EINTR) {
      return tl::make_unexpected(Trouble::kClosed);
    }
    if (filled_ < bytes && time_limit_ && Clock::now() > deadline) {
      return tl::make_unexpected(Trouble::kLate);
    }
  }
  return {};
}

tl::expected<Frame, Trouble> Channel::Receive(size_t body_bytes_max) {
  const auto deadline = Clock::now() + time_limit_.value_or(std::chrono::hours(1));
  if (buffer_.size() > kStepBytes) buffer_ = Bytes(kBufferBytes);
  filled_ = 0;
  GRANT_CHECK(Fill(kHeaderBytes, deadline));
  const auto header = DecodeHeader(ByteView(buffer_).first(kHeaderBytes), body_bytes_max);
  if (!header) return tl::make_unexpected(Trouble::kMalformed);
  const size_t bytes = kHeaderBytes + header->body_bytes;
  GRANT_CHECK(Fill(bytes, deadline));
  // One side speaks at a time, so nothing can follow.
  if (filled_ > bytes) return tl::make_unexpected(Trouble::kMalformed);
  return Frame{header->type, ByteView(buffer_).subspan(kHeaderBytes, header->body_bytes)};
}

void Channel::Wipe() {
  explicit_bzero(buffer_.data(), buffer_.size());
}

}  // namespace grant::worker
