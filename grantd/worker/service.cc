#include "grantd/worker/service.h"

#include <unistd.h>

#include <cstdio>
#include <thread>

#include "grant/cryptoki/backing_module.h"
#include "grant/wipe.h"

namespace grant::worker {
namespace {

// A signature takes no longer; one that does is lost with grantd anyway.
constexpr std::chrono::seconds kLastCallsLimit{10};
constexpr std::chrono::seconds kRefreshPause{1};
constexpr int kProtocolExit = 3;

// The two are of one version and grantd checks what it sends, so there is nothing to answer.
[[noreturn]] void EndForProtocol(const char* why) {
  static_cast<void>(fprintf(stderr, "grantd-hsm-worker: %s\n", why));
  _exit(kProtocolExit);
}

// The desk is with grantd, at the other end of the channel whose call the thread is serving.
class RemotePinDesk : public PinDesk {
 public:
  SessionResult<void> Present(const Presenting& present) override {
    // Nobody is waiting for an answer, so nobody would understand the question.
    if (serving == nullptr) {
      return tl::make_unexpected(MakeSessionFailure("C_Login", CKR_FUNCTION_CANCELED));
    }
    Channel& channel = *serving;
    if (!channel.Send(AskPin{})) _exit(0);
    const auto frame = channel.Receive(kShortBytesMax);
    if (!frame) _exit(0);
    if (frame->type == MessageType::kFailed) {
      const auto failed = Decode<Failed>(frame->body);
      if (!failed) EndForProtocol("a refusal at the PIN desk is malformed");
      return tl::make_unexpected(ToFailure(*failed));
    }
    auto given = frame->type == MessageType::kPinGiven
                     ? Decode<PinGiven>(frame->body)
                     : Result<PinGiven>(Fail(Code::kInvalid, "no PIN"));
    if (!given) EndForProtocol("what came in place of a PIN is none");
    const CK_RV rv = present(given->pin);
    grant::Wipe(given->pin);
    channel.Wipe();
    if (!channel.Send(PinPresented{rv})) _exit(0);
    const auto noted = channel.Receive(kShortBytesMax);
    if (!noted) _exit(0);
    if (noted->type != MessageType::kDone) EndForProtocol("what a PIN came to was not noted");
    if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_Login", rv));
    return {};
  }

  static thread_local Channel* serving;
};

thread_local Channel* RemotePinDesk::serving = nullptr;

Failed OfToken(const TokenFailure& failure) {
  return ToFailed({failure, cryptoki::TokenError(failure.function.c_str(), failure.rv)});
}

Failed OfError(const Error& error) {
  const CK_RV rv = error.code == Code::kNotFound ? CKR_TOKEN_NOT_PRESENT : CKR_GENERAL_ERROR;
  return ToFailed({TokenFailure{rv, "C_FindObjects", true, {}}, error});
}

}  // namespace

// One request and its answer.
class Service::Call {
 public:
  Call(Service& service, Channel& channel) : service_(service), channel_(channel) {
    RemotePinDesk::serving = &channel;
    ++service.running_;
  }
  ~Call() {
    RemotePinDesk::serving = nullptr;
    --service_.running_;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void Handle(const Frame& frame) {
    if (frame.type == MessageType::kOpen) return OpenToken(Need<Open>(frame));
    token_ = service_.token_.load(std::memory_order_acquire);
    if (token_ == nullptr) EndForProtocol("a request came before the token was opened");
    switch (frame.type) {
      case MessageType::kSign:
        return HandleSign(frame);
      case MessageType::kDescribe:
        Need<DescribeToken>(frame);
        return HandleDescribe();
      case MessageType::kGetObjects:
        return HandleObjects(Need<GetObjects>(frame));
      case MessageType::kVerify:
        return HandleVerify(Need<Verify>(frame));
      case MessageType::kEncrypt: {
        const auto encrypt = Need<Encrypt>(frame);
        return AnswerValue(token_->Encrypt(encrypt.key_id, encrypt.mechanism, encrypt.data));
      }
      case MessageType::kGenerateKey:
        return HandleGenerateKey(Need<GenerateKey>(frame));
      case MessageType::kGetRandom:
        return HandleRandom(Need<GetRandom>(frame));
      default:
        EndForProtocol("a request of an unknown kind came");
    }
  }

  // What is done once the answer is on its way.
  void PrepareNext() {
    if (signed_) token_->PrepareSignature(signed_key_, *signed_);
  }

 private:
  template <typename M>
  static M Need(const Frame& frame) {
    auto message = Decode<M>(frame.body);
    if (!message) EndForProtocol(message.error().message.c_str());
    return *std::move(message);
  }

  template <typename M>
  void Answer(const M& message) {
    if (!channel_.Send(message)) _exit(0);
  }

  void AnswerValue(tl::expected<Bytes, TokenFailure> value) {
    value ? Answer(Value{*std::move(value)}) : Answer(OfToken(value.error()));
  }

  void OpenToken(const Open& open) {
    if (open.version != kVersion) {
      Failed failed =
          OfError({Code::kInvalid, "the worker's program is of another version than grantd",
                   "install both of one version, and restart grantd"});
      failed.fault = true;
      return Answer(failed);
    }
    if (service_.token_ != nullptr) EndForProtocol("the token was opened twice");
    // A module that cannot be loaded is told apart from one that fails.
    const auto module = cryptoki::BackingModule::Load(open.module);
    auto token = module ? ModuleToken::Open({.name = open.name,
                                             .module = open.module,
                                             .uri = open.uri,
                                             .pin_file = {},
                                             .accept_any_pin = open.accept_any_pin},
                                            std::make_shared<RemotePinDesk>())
                        : tl::make_unexpected(module.error());
    if (!token) {
      Failed failed = OfError(token.error());
      failed.fault = !module || token.error().code == Code::kInvalid;
      return Answer(failed);
    }
    service_.token_.store(token->release(), std::memory_order_release);
    Answer(Opened{});
  }

  void HandleSign(const Frame& frame) {
    const auto sign = Need<Sign>(frame);
    auto signature = token_->Sign(sign.key_id, sign.mechanism, sign.data);
    if (signature) {
      signed_key_ = sign.key_id;
      signed_ = sign.mechanism;
    }
    AnswerValue(std::move(signature));
  }

  // So that a token that is lost is told like any other failure.
  void HandleDescribe() {
    gate::TokenRecord record = token_->Describe();
    if (!record.present) {
      return Answer(OfToken({CKR_TOKEN_NOT_PRESENT, "C_GetTokenInfo", true, {}}));
    }
    Answer(Described{std::move(record)});
  }

  void HandleVerify(const Verify& verify) {
    const auto verified =
        token_->Verify(verify.key_id, verify.mechanism, verify.data, verify.signature);
    verified ? Answer(Done{}) : Answer(OfToken(verified.error()));
  }

  void HandleRandom(const GetRandom& wanted) {
    if (wanted.bytes > gate::kInlineDataBytesMax) EndForProtocol("too many random bytes are asked");
    AnswerValue(token_->Random(wanted.bytes));
  }

  void HandleGenerateKey(const GenerateKey& wanted) {
    auto made =
        token_->GenerateKey({static_cast<NewKeyType>(wanted.key_type), wanted.label, wanted.id});
    made ? Answer(KeyMade{made->label_taken, std::move(made->left_out)})
         : Answer(OfToken(made.error()));
  }

  void HandleObjects(const GetObjects& wanted) {
    const auto objects = token_->Objects();
    if (!objects) return Answer(OfError(objects.error()));
    worker::Objects answer{(*objects)->version, (*objects)->version != wanted.known_version, {}};
    if (answer.changed) {
      for (const TokenObject& object : (*objects)->objects) {
        answer.objects.push_back({object.id, object.object_class, object.attributes});
      }
    }
    Bytes body = Encode(answer);
    if (body.size() > kLongBytesMax) {
      return Answer(OfError(
          {Code::kTooLarge,
           "the objects of the token are more than " + std::to_string(kLongBytesMax) + " bytes",
           {}}));
    }
    if (!channel_.Send(MessageType::kObjects, body)) _exit(0);
  }

  Service& service_;
  Channel& channel_;
  ModuleToken* token_ = nullptr;
  std::optional<gate::SignMechanism> signed_;
  uint64_t signed_key_ = 0;
};

void Service::Serve(Channel channel) {
  while (true) {
    const auto frame = channel.Receive(kLongBytesMax);
    if (!frame && frame.error() == Trouble::kMalformed) EndForProtocol("a request is malformed");
    if (!frame) return;
    std::optional<Call> call(std::in_place, *this, channel);
    call->Handle(*frame);
    RemotePinDesk::serving = nullptr;
    call->PrepareNext();
    call.reset();
    const std::lock_guard<std::mutex> lock(mutex_);
    active_ = true;
    called_.notify_one();
  }
}

void Service::KeepFresh() {
  while (true) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      called_.wait(lock, [this] { return active_; });
      active_ = false;
    }
    ++running_;
    if (ModuleToken* const token = token_) token->Refresh();
    --running_;
    std::this_thread::sleep_for(kRefreshPause);
  }
}

void Service::Close() {
  // Whoever counts itself as running later than this finds no token.
  ModuleToken* const token = token_.exchange(nullptr);
  const auto limit = std::chrono::steady_clock::now() + kLastCallsLimit;
  while (running_ > 0 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (running_ == 0) delete token;
}

}  // namespace grant::worker
