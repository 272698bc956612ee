#include "grantd/gate/conversation.h"

#include <poll.h>

#include <cerrno>
#include <optional>
#include <variant>

#include "grant/wipe.h"
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
  Conversation(gate::Connection& connection, const Peer& peer, const GateServices& services,
               const GateLimits& limits)
      : connection_(connection),
        peer_(peer),
        inventory_(services.inventory),
        logins_(services.logins),
        signing_(services.signing),
        public_(services.public_operations),
        quotas_(services.quotas),
        share_(services.quotas, peer.uid),
        limits_(limits) {}

  void Run() {
    while (WaitForMessage(connection_.fd(), WaitMs())) {
      auto frame = connection_.Receive(gate::kRequestBytesMax, Soon());
      if (!frame) {
        if (frame.error().code != Code::kUnavailable) Refuse(0, Malformed(frame.error()));
        return;
      }
      const bool goes_on = Handle(*frame);
      Wipe(frame->body);  // it may hold a PIN
      if (!goes_on) return;
    }
  }

 private:
  // Between calls a client may idle for as long as it likes: that costs a thread, and those are
  // limited in number. In the middle of something it may not.
  int WaitMs() const {
    if (welcomed_ && !InLong()) return -1;
    return static_cast<int>(std::chrono::milliseconds(limits_.message_timeout).count());
  }

  gate::Deadline Soon() const { return std::chrono::steady_clock::now() + limits_.message_timeout; }

  template <typename M>
  bool Answer(uint32_t sequence, const M& message) {
    return connection_.Send(M::kType, sequence, gate::Encode(message), Soon()).has_value();
  }

  bool Refuse(uint32_t sequence, const gate::Refused& refused) {
    signing_.metrics().Refused(refused.cause);
    return Answer(sequence, refused);
  }

  template <typename M>
  bool AnswerOrRefuse(const gate::Frame& frame, const tl::expected<M, gate::Refused>& outcome) {
    return outcome ? Answer(frame.sequence, *outcome) : Refuse(frame.sequence, outcome.error());
  }

  template <typename M>
  static void WipeSecret(M&) {}
  static void WipeSecret(gate::Login& login) { Wipe(login.pin); }
  static void WipeSecret(gate::Sign& sign) { Wipe(sign.target.secret); }
  static void WipeSecret(gate::SignBegin& begin) { Wipe(begin.target.secret); }

  // Decodes the message and lets `handle` answer it; a malformed one ends the conversation.
  template <typename M, typename Handler>
  bool With(const gate::Frame& frame, Handler&& handle) {
    auto message = gate::Decode<M>(frame.body);
    if (message) {
      const bool goes_on = handle(*message);
      WipeSecret(*message);
      return goes_on;
    }
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
    if (InLong() && frame.type != MessageType::kData && frame.type != EndOfLong()) {
      return OutOfPlace(frame);
    }
    switch (frame.type) {
      case MessageType::kGetTokens:
        return With<gate::GetTokens>(frame, [&](const auto&) {
          return Answer(frame.sequence, gate::Tokens{inventory_.Tokens()});
        });
      case MessageType::kGetObjects:
        return With<gate::GetObjects>(frame, [&](const auto& wanted) {
          return AnswerOrRefuse(frame, inventory_.Objects(wanted));
        });
      case MessageType::kIdentifyKey:
        return With<gate::IdentifyKey>(frame, [&](const auto& seen) {
          return AnswerOrRefuse(frame, inventory_.Identify(seen));
        });
      case MessageType::kLogin:
        return With<gate::Login>(frame, [&](const auto& login) {
          return AnswerOrRefuse(frame, logins_.Check(peer_, login));
        });
      case MessageType::kSign:
        return With<gate::Sign>(frame, [&](const auto& sign) { return SignAtOnce(frame, sign); });
      case MessageType::kSignBegin:
        return With<gate::SignBegin>(frame,
                                     [&](const auto& begin) { return BeginLong(frame, begin); });
      case MessageType::kData:
        return With<gate::Data>(frame, [&](const auto& piece) { return AddToLong(frame, piece); });
      case MessageType::kSignEnd:
        return With<gate::SignEnd>(frame, [&](const auto&) { return EndLong(frame); });
      default:
        return HandlePublic(frame);
    }
  }

  // The same for what uses no private key.
  bool HandlePublic(const gate::Frame& frame) {
    switch (frame.type) {
      case MessageType::kVerify:
        return With<gate::Verify>(frame,
                                  [&](const auto& verify) { return VerifyAtOnce(frame, verify); });
      case MessageType::kVerifyBegin:
        return With<gate::VerifyBegin>(frame, [&](const auto& begin) {
          return BeginPublic(frame, public_.BeginVerify(begin.target));
        });
      case MessageType::kVerifyEnd:
        return With<gate::VerifyEnd>(frame, [&](const auto& end) {
          return EndPublic<Verification>(frame, [this, &end](Verification verification) {
            return public_.Verify(std::move(verification), end.signature);
          });
        });
      case MessageType::kDigest:
        return With<gate::Digest>(frame,
                                  [&](const auto& digest) { return DigestAtOnce(frame, digest); });
      case MessageType::kDigestBegin:
        return With<gate::DigestBegin>(frame, [&](const auto& begin) {
          return BeginPublic(frame, PublicOperations::BeginDigest(begin.mechanism));
        });
      case MessageType::kDigestEnd:
        return With<gate::DigestEnd>(
            frame, [&](const auto&) { return EndPublic<Hasher>(frame, PublicOperations::Digest); });
      case MessageType::kEncrypt:
        return With<gate::Encrypt>(frame, [&](const auto& encrypt) {
          return AnswerOrRefuse(frame, public_.Encrypt(encrypt));
        });
      case MessageType::kGetRandom:
        return With<gate::GetRandom>(frame, [&](const auto& wanted) {
          return AnswerOrRefuse(frame, public_.Random(wanted));
        });
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
                  gate::Welcome{gate::kProtocolVersion, "grantd " GRANT_VERSION, inventory_.run()});
  }

  bool Finish(uint32_t sequence, SigningOperation operation) {
    bool alive = true;
    const bool spend_only = operation.target.spend_only;
    const auto deliver = [&](const auto& message) {
      const auto deadline = std::chrono::steady_clock::now() + limits_.delivery_timeout;
      alive =
          connection_.Send(message.kType, sequence, gate::Encode(message), deadline).has_value();
    };
    const auto outcome = signing_.Complete(std::move(operation), [&](const Bytes& signature) {
      spend_only ? deliver(gate::Spent{}) : deliver(gate::Signature{signature});
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
    if (!share_.BeginOperation()) return Refuse(frame.sequence, TooManyOperations());
    auto operation = signing_.Begin(peer_, begin.target);
    if (!operation) {
      share_.EndOperation();
      return Refuse(frame.sequence, operation.error());
    }
    long_.emplace<SigningOperation>(*std::move(operation));
    return Answer(frame.sequence, gate::Begun{});
  }

  bool AddToLong(const gate::Frame& frame, const gate::Data& piece) {
    if (auto* signing = std::get_if<SigningOperation>(&long_)) {
      AddTo(signing->content, piece.data);
    } else if (auto* verification = std::get_if<Verification>(&long_)) {
      AddTo(verification->content, piece.data);
    } else if (auto* hasher = std::get_if<Hasher>(&long_)) {
      hasher->Add(piece.data);
    } else {
      return OutOfPlace(frame);
    }
    return true;
  }

  void AddTo(Content& content, ByteView data) {
    content.Add(data);
    if (share_.Keep(content.kept_bytes())) return;
    content.Reject(TooMuchKept());
    share_.Keep(content.kept_bytes());
  }

  gate::Refused TooManyOperations() const {
    return LimitReached("uid " + std::to_string(peer_.uid) + " has " +
                            std::to_string(quotas_.limits().operations_max) +
                            " operations open, which is the limit",
                        "open_operations_per_user");
  }

  Refusal TooMuchKept() const {
    const gate::Refused refused = LimitReached(
        "more than " + std::to_string(quotas_.limits().kept_bytes_max) +
            " bytes are kept for uid " + std::to_string(peer_.uid) + ", which is the limit",
        "kept_mib_per_user");
    return {refused.cause, refused.message, refused.hint, {}};
  }

  bool EndLong(const gate::Frame& frame) {
    auto operation = TakeLong<SigningOperation>();
    if (!operation) return OutOfPlace(frame);
    return Finish(frame.sequence, *std::move(operation));
  }

  bool InLong() const { return !std::holds_alternative<std::monostate>(long_); }

  MessageType EndOfLong() const {
    if (std::holds_alternative<Verification>(long_)) return MessageType::kVerifyEnd;
    if (std::holds_alternative<Hasher>(long_)) return MessageType::kDigestEnd;
    return MessageType::kSignEnd;
  }

  // Nothing where the operation under way is none of this kind.
  template <typename T>
  std::optional<T> TakeLong() {
    T* const running = std::get_if<T>(&long_);
    if (running == nullptr) return std::nullopt;
    std::optional<T> taken(std::move(*running));
    long_.emplace<std::monostate>();
    share_.EndOperation();
    return taken;
  }

  template <typename T>
  bool BeginPublic(const gate::Frame& frame, tl::expected<T, gate::Refused> begun) {
    if (!begun) return Refuse(frame.sequence, begun.error());
    if (!share_.BeginOperation()) return Refuse(frame.sequence, TooManyOperations());
    long_.emplace<T>(*std::move(begun));
    return Answer(frame.sequence, gate::Begun{});
  }

  template <typename T, typename Make>
  bool EndPublic(const gate::Frame& frame, Make make) {
    auto operation = TakeLong<T>();
    if (!operation) return OutOfPlace(frame);
    return AnswerOrRefuse(frame, make(*std::move(operation)));
  }

  bool VerifyAtOnce(const gate::Frame& frame, const gate::Verify& verify) {
    auto begun = public_.BeginVerify(verify.target);
    if (!begun) return Refuse(frame.sequence, begun.error());
    begun->content.Add(verify.data);
    return AnswerOrRefuse(frame, public_.Verify(*std::move(begun), verify.signature));
  }

  bool DigestAtOnce(const gate::Frame& frame, const gate::Digest& digest) {
    auto hasher = PublicOperations::BeginDigest(digest.mechanism);
    if (!hasher) return Refuse(frame.sequence, hasher.error());
    hasher->Add(digest.data);
    return AnswerOrRefuse(frame, PublicOperations::Digest(*std::move(hasher)));
  }

  gate::Connection& connection_;
  const Peer& peer_;
  Inventory& inventory_;
  Logins& logins_;
  Signing& signing_;
  PublicOperations& public_;
  const UserQuotas& quotas_;
  UserQuotas::Share share_;  // of the operation in parts
  const GateLimits& limits_;
  bool welcomed_ = false;
  // Between a Begin message and its End.
  std::variant<std::monostate, SigningOperation, Verification, Hasher> long_;
};

}  // namespace

void Converse(gate::Connection& connection, const Peer& peer, const GateServices& services,
              const GateLimits& limits) {
  Conversation(connection, peer, services, limits).Run();
}

}  // namespace grant
