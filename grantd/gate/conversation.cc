#include "grantd/gate/conversation.h"

#include <poll.h>

#include <cerrno>
#include <optional>
#include <variant>

#include "grantd/gate/refused.h"

namespace grant {
namespace {

using gate::MessageType;

// Waits for the next message's first byte. False where none came in time or the socket failed.
bool WaitForMessage(int fd, int timeout_ms) {
  pollfd wait{fd, POLLIN, 0};
  for (;;) {
    const int ready = poll(&wait, 1, timeout_ms);
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) return false;
  }
}

class Conversation {
 public:
  Conversation(gate::Connection& connection, const Peer& peer, Signing& signing,
               const GateLimits& limits)
      : connection_(connection), peer_(peer), signing_(signing), limits_(limits) {}

  void Run() {
    while (WaitForMessage(connection_.fd(), WaitMs())) {
      auto frame = connection_.Receive(gate::kRequestBytesMax, Soon());
      if (!frame) {
        if (frame.error().code != Code::kUnavailable) Refuse(0, Malformed(frame.error()));
        return;
      }
      if (!Handle(*frame)) return;
    }
  }

 private:
  // Between calls a client may idle for as long as it likes: that costs a thread, and those are
  // limited in number. In the middle of something it may not.
  int WaitMs() const {
    if (welcomed_ && !long_) return -1;
    return static_cast<int>(std::chrono::milliseconds(limits_.message_timeout).count());
  }

  gate::Deadline Soon() const { return std::chrono::steady_clock::now() + limits_.message_timeout; }

  template <typename M>
  bool Answer(uint32_t sequence, const M& message) {
    return connection_.Send(M::kType, sequence, gate::Encode(message), Soon()).has_value();
  }

  bool Refuse(uint32_t sequence, const gate::Refused& refused) { return Answer(sequence, refused); }

  // Decodes the message and lets `handle` answer it; a malformed one ends the conversation.
  template <typename M, typename Handler>
  bool With(const gate::Frame& frame, Handler&& handle) {
    auto message = gate::Decode<M>(frame.body);
    if (message) return handle(*message);
    Refuse(frame.sequence, Malformed(message.error()));
    return false;
  }

  bool OutOfPlace(const gate::Frame& frame) {
    Refuse(frame.sequence,
           Malformed(Error{Code::kInvalid,
                           "message " + std::to_string(static_cast<unsigned>(frame.type)) +
                               " has no place here",
                           ""}));
    return false;
  }

  // Whether the conversation goes on.
  bool Handle(const gate::Frame& frame) {
    if (!welcomed_) {
      if (frame.type != MessageType::kHello) return OutOfPlace(frame);
      return With<gate::Hello>(frame, [&](const auto& hello) { return Welcome(frame, hello); });
    }
    if (long_ && frame.type != MessageType::kSignData && frame.type != MessageType::kSignEnd) {
      return OutOfPlace(frame);
    }
    switch (frame.type) {
      case MessageType::kGetTokens:
        return With<gate::GetTokens>(frame, [&](const auto&) {
          return Answer(frame.sequence, gate::Tokens{signing_.Tokens()});
        });
      case MessageType::kGetObjects:
        return With<gate::GetObjects>(frame, [&](const auto& wanted) {
          const auto objects = signing_.Objects(wanted);
          return objects ? Answer(frame.sequence, *objects)
                         : Refuse(frame.sequence, objects.error());
        });
      case MessageType::kLogin:
        return With<gate::Login>(frame, [&](const auto& login) {
          const auto accepted = signing_.CheckPin(login);
          return accepted ? Answer(frame.sequence, gate::LoginAccepted{})
                          : Refuse(frame.sequence, accepted.error());
        });
      case MessageType::kSign:
        return With<gate::Sign>(frame, [&](const auto& sign) { return SignAtOnce(frame, sign); });
      case MessageType::kSignBegin:
        return With<gate::SignBegin>(frame,
                                     [&](const auto& begin) { return BeginLong(frame, begin); });
      case MessageType::kSignData:
        return With<gate::SignData>(frame,
                                    [&](const auto& piece) { return AddToLong(frame, piece); });
      case MessageType::kSignEnd:
        return With<gate::SignEnd>(frame, [&](const auto&) { return EndLong(frame); });
      default:
        return OutOfPlace(frame);
    }
  }

  bool Welcome(const gate::Frame& frame, const gate::Hello& hello) {
    if (hello.version != gate::kProtocolVersion) {
      Refuse(frame.sequence,
             Malformed(Error{Code::kInvalid,
                             "the module speaks version " + std::to_string(hello.version) +
                                 " of the gate protocol, grantd version " +
                                 std::to_string(gate::kProtocolVersion),
                             ""}));
      return false;
    }
    welcomed_ = true;
    return Answer(frame.sequence,
                  gate::Welcome{gate::kProtocolVersion, "grantd " GRANT_VERSION, signing_.run()});
  }

  bool Finish(uint32_t sequence, SigningOperation operation) {
    bool alive = true;
    const auto outcome = signing_.Complete(std::move(operation), [&](const Bytes& signature) {
      const auto deadline = std::chrono::steady_clock::now() + limits_.delivery_timeout;
      alive = connection_
                  .Send(gate::Signature::kType, sequence, gate::Encode(gate::Signature{signature}),
                        deadline)
                  .has_value();
    });
    return outcome ? alive : Refuse(sequence, outcome.error());
  }

  bool SignAtOnce(const gate::Frame& frame, const gate::Sign& sign) {
    auto operation = signing_.Begin(peer_, sign.target);
    if (!operation) return Refuse(frame.sequence, operation.error());
    operation->content.Add(sign.data);
    return Finish(frame.sequence, *std::move(operation));
  }

  bool BeginLong(const gate::Frame& frame, const gate::SignBegin& begin) {
    auto operation = signing_.Begin(peer_, begin.target);
    if (!operation) return Refuse(frame.sequence, operation.error());
    long_.emplace(*std::move(operation));
    return Answer(frame.sequence, gate::SignBegun{});
  }

  bool AddToLong(const gate::Frame& frame, const gate::SignData& piece) {
    if (!long_) return OutOfPlace(frame);
    long_->content.Add(piece.data);
    return true;
  }

  bool EndLong(const gate::Frame& frame) {
    if (!long_) return OutOfPlace(frame);
    SigningOperation operation = *std::move(long_);
    long_.reset();
    return Finish(frame.sequence, std::move(operation));
  }

  gate::Connection& connection_;
  const Peer& peer_;
  Signing& signing_;
  const GateLimits& limits_;
  bool welcomed_ = false;
  std::optional<SigningOperation> long_;  // between SignBegin and SignEnd
};

}  // namespace

void Converse(gate::Connection& connection, const Peer& peer, Signing& signing,
              const GateLimits& limits) {
  Conversation(connection, peer, signing, limits).Run();
}

}  // namespace grant
