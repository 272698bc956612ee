#include "grant/gate/connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

namespace grant::gate {
namespace {

using std::chrono::milliseconds;

Deadline In(milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}
Deadline Soon() {
  return In(milliseconds(20));
}
Deadline Later() {
  return In(milliseconds(20000));
}

struct Pair {
  Connection here;
  Connection there;
};

Pair MakePair() {
  int fds[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  return {Connection(fds[0]), Connection(fds[1])};
}

void SendRaw(const Connection& connection, ByteView bytes) {
  ASSERT_EQ(send(connection.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

class Listener {
 public:
  Listener() {
    char pattern[] = "/tmp/grant-gate-XXXXXX";
    folder_ = mkdtemp(pattern);
    fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Listener() {
    close(fd_);
    std::filesystem::remove_all(folder_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void Listen(int backlog) const { EXPECT_EQ(listen(fd_, backlog), 0); }
  std::string path() const { return folder_ + "/gate.sock"; }
  std::string address() const { return "unix:" + path(); }

 private:
  std::string folder_;
  int fd_ = -1;
};

TEST(Connection, CarriesAFrameAndItsAnswer) {
  Pair pair = MakePair();
  std::thread peer([&pair] {
    Frame request = *pair.there.Receive(kRequestBytesMax, Later());
    EXPECT_EQ(request.type, MessageType::kGetObjects);
    ASSERT_TRUE(pair.there.Send(MessageType::kObjects, request.sequence, request.body, Later()));
  });
  Bytes body = {1, 2, 3};
  Result<Frame> answer = pair.here.Call(MessageType::kGetObjects, body, Later());
  peer.join();
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->type, MessageType::kObjects);
  EXPECT_EQ(answer->body, body);
}

TEST(Connection, CarriesMoreThanTheSocketBuffers) {
  Pair pair = MakePair();
  Bytes body(8 * 1024 * 1024);
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<uint8_t>(i * 31);
  std::thread peer(
      [&] { EXPECT_TRUE(pair.there.Send(MessageType::kObjects, 5, body, Later()).has_value()); });
  Result<Frame> frame = pair.here.Receive(kAnswerBytesMax, Later());
  peer.join();
  ASSERT_TRUE(frame.has_value()) << frame.error().message;
  EXPECT_EQ(frame->body, body);
}

TEST(Connection, ASilentPeerTimesOutAndTheConnectionIsClosed) {
  Pair pair = MakePair();
  Result<Frame> frame = pair.here.Receive(100, Soon());
  ASSERT_FALSE(frame.has_value());
  EXPECT_EQ(frame.error().code, Code::kTimeout);
  EXPECT_FALSE(pair.here.open());
}

TEST(Connection, APeerThatDripsBytesTimesOutToo) {
  Pair pair = MakePair();
  SendRaw(pair.there, Bytes{0, 0, 0, 1});
  Result<Frame> frame = pair.here.Receive(100, Soon());
  ASSERT_FALSE(frame.has_value());
  EXPECT_EQ(frame.error().code, Code::kTimeout);
}

TEST(Connection, APeerThatDoesNotReadTimesOut) {
  Pair pair = MakePair();
  Status sent = pair.here.Send(MessageType::kObjects, 1, Bytes(kAnswerBytesMax), Soon());
  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error().code, Code::kTimeout);
  EXPECT_FALSE(pair.here.open());
}

TEST(Connection, AClosedPeerIsUnavailable) {
  Pair pair = MakePair();
  pair.there.Close();
  Result<Frame> frame = pair.here.Receive(100, Later());
  ASSERT_FALSE(frame.has_value());
  EXPECT_EQ(frame.error().code, Code::kUnavailable);
}

TEST(Connection, APeerThatHungUpMayHaveSaidWhyBefore) {
  Pair pair = MakePair();
  const Refused why{Cause::kBusy, 0, "too many connections", "close some"};
  ASSERT_TRUE(pair.there.Send(Refused::kType, 0, Encode(why), Later()));
  pair.there.Close();
  const Result<Frame> answer = pair.here.Call(Hello::kType, Encode(Hello{}), Later());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->type, MessageType::kRefused);
  EXPECT_FALSE(pair.here.open());
}

TEST(Connection, APeerThatHungUpAfterAnotherAnswerIsUnavailable) {
  Pair pair = MakePair();
  ASSERT_TRUE(pair.there.Send(MessageType::kWelcome, 1, {}, Later()));
  pair.there.Close();
  const Result<Frame> answer = pair.here.Call(Hello::kType, Encode(Hello{}), Later());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
}

TEST(Connection, SendingToAClosedPeerRaisesNoSignal) {
  Pair pair = MakePair();
  pair.there.Close();
  Status sent = pair.here.Send(MessageType::kHello, 1, {}, Later());
  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error().code, Code::kUnavailable);
}

TEST(Connection, AFrameCutAnywhereIsInvalid) {
  Bytes frame = EncodeFrame(MessageType::kSignature, 1, Bytes{1, 2, 3, 4});
  for (size_t size = 1; size < frame.size(); ++size) {
    Pair pair = MakePair();
    SendRaw(pair.there, ByteView(frame).first(size));
    pair.there.Close();
    Result<Frame> received = pair.here.Receive(100, Later());
    ASSERT_FALSE(received.has_value());
    EXPECT_EQ(received.error().code, Code::kInvalid) << size;
  }
}

TEST(Connection, ABodyOverTheBoundIsTooLargeBeforeItArrives) {
  Pair pair = MakePair();
  SendRaw(pair.there, EncodeHeader({101, MessageType::kSign, 1}));
  Result<Frame> frame = pair.here.Receive(100, Later());
  ASSERT_FALSE(frame.has_value());
  EXPECT_EQ(frame.error().code, Code::kTooLarge);
  EXPECT_FALSE(pair.here.open());
}

TEST(Connection, AnAnswerToAnotherRequestIsInvalid) {
  Pair pair = MakePair();
  std::thread peer([&pair] {
    Frame request = *pair.there.Receive(kRequestBytesMax, Later());
    ASSERT_TRUE(pair.there.Send(MessageType::kTokens, request.sequence + 1, {}, Later()));
  });
  Result<Frame> answer = pair.here.Call(MessageType::kGetTokens, {}, Later());
  peer.join();
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Code::kInvalid);
}

TEST(Connection, OpenReachesAListener) {
  Listener listener;
  listener.Listen(1);
  Result<Connection> connection = Connection::Open(listener.address(), Later());
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  EXPECT_NE(fcntl(connection->fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Connection, OpenWithoutAListenerIsUnavailable) {
  Listener listener;
  Result<Connection> connection = Connection::Open(listener.address(), Later());
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, Code::kUnavailable);
  connection = Connection::Open("unix:/nonexistent/gate.sock", Later());
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, Code::kUnavailable);
}

TEST(Connection, OpenWithAFullQueueTimesOut) {
  Listener listener;
  listener.Listen(0);
  Result<Connection> first = Connection::Open(listener.address(), Later());
  ASSERT_TRUE(first.has_value());
  Result<Connection> second = Connection::Open(listener.address(), Soon());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::kTimeout);
}

TEST(Connection, OtherAddressesAreInvalid) {
  for (std::string address :
       {"", "/run/gate.sock", "unix:gate.sock", "unix:", "tcp:localhost:1", "unix:/"}) {
    address += address == "unix:/" ? std::string(200, 'x') : "";
    Result<Connection> connection = Connection::Open(address, Later());
    ASSERT_FALSE(connection.has_value()) << address;
    EXPECT_EQ(connection.error().code, Code::kInvalid) << address;
  }
}

TEST(Connection, MovingLeavesTheSourceClosed) {
  Pair pair = MakePair();
  int fd = pair.here.fd();
  Connection moved = std::move(pair.here);
  EXPECT_EQ(moved.fd(), fd);
  EXPECT_FALSE(pair.here.open());  // NOLINT(bugprone-use-after-move): that is the promise
}

}  // namespace
}  // namespace grant::gate
