// A worker that opens like any other and then answers as HOSTILE_WORKER says.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "grantd/worker/channel.h"
#include "grantd/worker/control.h"

namespace grant::worker {
namespace {

void SendRaw(int fd, const Bytes& bytes) {
  static_cast<void>(!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void Misbehave(const std::string& how, int fd, Channel& channel) {
  if (how == "garbage") SendRaw(fd, Bytes(4096, 0xa5));
  if (how == "oversized") SendRaw(fd, EncodeHeader({0x7fffffff, MessageType::kValue}));
  if (how == "cut short") {
    SendRaw(fd, EncodeHeader({100, MessageType::kValue}));
    _exit(0);
  }
  if (how == "wrong kind") static_cast<void>(channel.Send(Opened{}));
  if (how == "left over") static_cast<void>(channel.Send(MessageType::kValue, Bytes(8, 0)));
  if (how == "unprintable") {
    static_cast<void>(channel.Send(Failed{5, "C_Sign", true, 0, "\x1b[2J", "", false}));
  }
  if (how == "no function") {
    static_cast<void>(channel.Send(Failed{5, "C_Sign\n", true, 0, "", "", false}));
  }
  if (how == "talks twice") {
    const Bytes one = EncodeHeader({4, MessageType::kValue});
    Bytes two = one;
    two.insert(two.end(), 4, 0);
    two.insert(two.end(), one.begin(), one.end());
    SendRaw(fd, two);
  }
  if (how == "asks for the PIN") {
    static_cast<void>(channel.Send(AskPin{}));
    static_cast<void>(channel.Receive(kShortBytesMax));
    static_cast<void>(channel.Send(Value{}));  // and does not say what the token answered
  }
  pause();
}

void Run() {
  const Descriptor control(kControlDescriptor);
  Descriptor socket = ReceiveDescriptor(control);
  const int fd = socket.get();
  Channel channel(std::move(socket));
  if (!channel.Receive(kShortBytesMax) || !channel.Send(Opened{})) return;
  if (!channel.Receive(kLongBytesMax)) return;
  Misbehave(getenv("HOSTILE_WORKER"), fd, channel);
}

}  // namespace
}  // namespace grant::worker

int main() {
  grant::worker::Run();
}
