#include "grant/gate/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "grant/wipe.h"

namespace grant::gate {
namespace {

constexpr std::string_view kUnixScheme = "unix:";
constexpr size_t kReceiveStepBytes = size_t{64} * 1024;

std::string Reason(int error) {
  char text[128];
  // GNU's variant, which may return a text of its own instead of the buffer.
  return strerror_r(error, text, sizeof text);
}

Result<sockaddr_un> ParseAddress(std::string_view address) {
  if (!address.starts_with(kUnixScheme) || !address.substr(kUnixScheme.size()).starts_with('/')) {
    return Fail(Code::kInvalid,
                "gate address '" + std::string(address) + "' is not of the form unix:/path");
  }
  std::string_view path = address.substr(kUnixScheme.size());
  sockaddr_un result{};
  if (path.size() >= sizeof result.sun_path || path.find('\0') != std::string_view::npos) {
    return Fail(Code::kInvalid, "the path of gate address '" + std::string(address) +
                                    "' is longer than a socket's may be");
  }
  result.sun_family = AF_UNIX;
  std::ranges::copy(path, result.sun_path);
  return result;
}

Status SetSendTimeout(int fd, Deadline deadline) {
  auto left = std::chrono::duration_cast<std::chrono::microseconds>(
      deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0) return Fail(Code::kTimeout, "the deadline has passed");
  timeval time{};
  time.tv_sec = static_cast<time_t>(left.count() / 1000000);
  time.tv_usec = static_cast<suseconds_t>(left.count() % 1000000);
  if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) != 0) {
    return Fail(Code::kUnavailable, "cannot prepare a socket: " + Reason(errno));
  }
  return {};
}

Status WaitFor(int fd, int16_t events, Deadline deadline) {
  while (true) {
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Fail(Code::kTimeout, "no answer within the deadline");
    pollfd entry{fd, events, 0};
    int wait_ms = static_cast<int>(std::min<int64_t>(left.count(), 60000));
    int ready = poll(&entry, 1, wait_ms);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) {
      return Fail(Code::kUnavailable, "cannot wait on the connection: " + Reason(errno));
    }
  }
}

Status SendAll(int fd, ByteView header, ByteView body, Deadline deadline) {
  while (!header.empty() || !body.empty()) {
    iovec parts[2] = {{const_cast<uint8_t*>(header.data()), header.size()},
                      {const_cast<uint8_t*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      size_t of_header = std::min(header.size(), static_cast<size_t>(sent));
      header = header.subspan(of_header);
      body = body.subspan(static_cast<size_t>(sent) - of_header);
    } else if (errno == EAGAIN) {
      GRANT_CHECK(WaitFor(fd, POLLOUT, deadline));
    } else if (errno != EINTR) {
      return Fail(Code::kUnavailable, "cannot send: " + Reason(errno));
    }
  }
  return {};
}

// Fills `buffer`. `mid_frame` says whether an end of the stream here would cut a frame in two.
Status ReceiveAll(int fd, std::span<uint8_t> buffer, bool mid_frame, Deadline deadline) {
  while (!buffer.empty()) {
    ssize_t received = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (received > 0) {
      buffer = buffer.subspan(static_cast<size_t>(received));
      mid_frame = true;
    } else if (received == 0) {
      if (mid_frame) return Fail(Code::kInvalid, "the peer closed in the middle of a message");
      return Fail(Code::kUnavailable, "the peer closed the connection");
    } else if (errno == EAGAIN) {
      GRANT_CHECK(WaitFor(fd, POLLIN, deadline));
    } else if (errno != EINTR) {
      return Fail(Code::kUnavailable, "cannot receive: " + Reason(errno));
    }
  }
  return {};
}

Result<Frame> ReceiveFrame(int fd, size_t body_bytes_max, Deadline deadline) {
  uint8_t raw[kHeaderBytes];
  GRANT_CHECK(ReceiveAll(fd, raw, false, deadline));
  GRANT_TRY(FrameHeader header, DecodeHeader(raw, body_bytes_max));
  Frame frame{header.type, header.sequence, {}};
  // The body grows as it arrives, so that a mere claim of a length costs nothing.
  while (frame.body.size() < header.body_bytes) {
    size_t have = frame.body.size();
    size_t step = std::min(header.body_bytes - have, std::max(have, kReceiveStepBytes));
    Bytes larger(have + step);
    std::copy(frame.body.begin(), frame.body.end(), larger.begin());
    Wipe(frame.body);  // it may hold a PIN
    frame.body = std::move(larger);
    GRANT_CHECK(ReceiveAll(fd, std::span(frame.body).subspan(have), true, deadline));
  }
  return frame;
}

}  // namespace

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), next_sequence_(other.next_sequence_) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    next_sequence_ = other.next_sequence_;
  }
  return *this;
}

Connection::~Connection() {
  Close();
}

// The shutdown tells the peer even where a forked child still holds a copy of the descriptor.
void Connection::Close() {
  if (fd_ < 0) return;
  shutdown(fd_, SHUT_RDWR);
  close(fd_);
  fd_ = -1;
}

Result<Connection> Connection::Open(std::string_view address, Deadline deadline) {
  GRANT_TRY(sockaddr_un target, ParseAddress(address));
  Connection connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.open()) {
    return Fail(Code::kUnavailable, "cannot make a socket: " + Reason(errno));
  }
  // A blocking connect() waits for a place in the listener's queue as long as the send timeout
  // says.
  while (true) {
    GRANT_CHECK(SetSendTimeout(connection.fd_, deadline));
    if (connect(connection.fd_, reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0) {
      return connection;
    }
    if (errno == EAGAIN) return Fail(Code::kTimeout, "nobody accepts connections in time");
    if (errno != EINTR) return Fail(Code::kUnavailable, Reason(errno));
  }
}

Status Connection::Put(MessageType type, uint32_t sequence, ByteView body, Deadline deadline) {
  if (!open()) return Fail(Code::kUnavailable, "the connection is closed");
  if (body.size() > kAnswerBytesMax) {
    return Fail(Code::kTooLarge, "a message of " + std::to_string(body.size()) +
                                     " bytes is over the bound of the protocol");
  }
  Bytes header = EncodeHeader({static_cast<uint32_t>(body.size()), type, sequence});
  return SendAll(fd_, header, body, deadline);
}

Status Connection::Send(MessageType type, uint32_t sequence, ByteView body, Deadline deadline) {
  Status sent = Put(type, sequence, body, deadline);
  if (!sent) Close();
  return sent;
}

Result<Frame> Connection::Receive(size_t body_bytes_max, Deadline deadline) {
  if (!open()) return Fail(Code::kUnavailable, "the connection is closed");
  Result<Frame> frame = ReceiveFrame(fd_, body_bytes_max, deadline);
  if (!frame) Close();
  return frame;
}

Result<Frame> Connection::Call(MessageType type, ByteView body, Deadline deadline) {
  uint32_t sequence = next_sequence_++;
  const Status sent = Put(type, sequence, body, deadline);
  if (!sent && sent.error().code != Code::kUnavailable) {
    Close();
    return tl::unexpected(sent.error());
  }
  // Also where the peer has hung up already: it may have said why.
  Result<Frame> received = Receive(kAnswerBytesMax, deadline);
  if (!received) return tl::unexpected(sent ? received.error() : sent.error());
  Frame answer = *std::move(received);
  // A peer that turns a client away before it has read anything cannot know the number.
  const bool turned_away = answer.type == MessageType::kRefused && answer.sequence == 0;
  if (turned_away || !sent) Close();
  if (!sent && !turned_away) return tl::unexpected(sent.error());
  if (answer.sequence != sequence && !turned_away) {
    Close();
    return Fail(Code::kInvalid, "the answer carries the number of another request");
  }
  return answer;
}

}  // namespace grant::gate
