#include "grantd/supervisor/worker_token.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "grantd/hsm/pin_desk.h"
#include "grantd/hsm/pin_file.h"
#include "grantd/supervisor/crew.h"
#include "grantd/supervisor/exchange.h"

namespace grant {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Clock::duration kObjectsAgeMax = std::chrono::seconds(2);
// A large or slow token is read less often: reading takes at most a twentieth of the time.
constexpr int kPauseFactor = 20;

// What a request may cost when a worker fails in the middle of it.
enum class Repeat {
  kNever,  // it may have been signed, or its data may be what the module died of
  kOnce,
};

bool MeansTokenLost(CK_RV rv) {
  switch (rv) {
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_SLOT_ID_INVALID:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
      return true;
    default:
      return false;
  }
}

class WorkerToken : public SealableToken {
 public:
  WorkerToken(const TokenSettings& settings, const WorkerOptions& options,
              const KeySelector& selector)
      : settings_(settings),
        pins_(settings_),
        crew_(settings_, options.executable, options.restarts, pins_) {
    described_.name = settings_.name;
    described_.accept_any_pin = settings_.accept_any_pin;
    // Until it is seen for the first time, a token is known by what its URI says.
    described_.label = selector.token;
    described_.serial = selector.serial;
    described_.manufacturer = selector.manufacturer;
    described_.model = selector.model;
  }

  Status Start(std::optional<Error> closed_for) {
    if (!closed_for && pins_.state().waiting) closed_for = pins_.Waiting();
    return crew_.Start(std::move(closed_for));
  }
  const TokenSettings& settings() const override { return settings_; }
  gate::TokenRecord Describe() override;
  size_t WorkersUp() override { return crew_.Ready(); }
  Result<std::shared_ptr<const TokenObjects>> Objects() override;
  tl::expected<Bytes, TokenFailure> Sign(uint64_t key_id, const gate::SignMechanism& mechanism,
                                         ByteView data) override;
  std::unique_ptr<StartedSignature> StartSigning(uint64_t key_id,
                                                 const gate::SignMechanism& mechanism,
                                                 ByteView data) override;
  tl::expected<void, TokenFailure> Verify(uint64_t key_id, const gate::SignMechanism& mechanism,
                                          ByteView data, ByteView signature) override;
  tl::expected<Bytes, TokenFailure> Encrypt(uint64_t key_id,
                                            const gate::EncryptMechanism& mechanism,
                                            ByteView data) override;
  tl::expected<Bytes, TokenFailure> Random(size_t bytes) override;
  tl::expected<MadeKey, TokenFailure> GenerateKey(const KeyToMake& wanted) override;
  void Close(const Error& why) override;
  void Open() override;
  Status AwaitOpened() override;
  Status TakePin(SecretBuffer pin, bool after_wrong) override {
    return pins_.Give(std::move(pin), after_wrong);
  }
  void ForgetPin() override { pins_.Forget(); }
  PinState pin_state() override { return pins_.state(); }

 private:
  class Started;

  SessionFailure Failed(const char* function, const NoAnswer& none) const;
  template <typename Answer, typename Request>
  SessionResult<Answer> Call(const char* function, const Request& request, Repeat repeat,
                             size_t answer_bytes_max = worker::kShortBytesMax);
  Result<std::shared_ptr<const TokenObjects>> ReadObjects();
  std::shared_ptr<const TokenObjects> Known(bool& fresh);

  const TokenSettings settings_;
  TokenPinDesk pins_;
  Crew crew_;

  std::mutex describe_mutex_;
  gate::TokenRecord described_;  // as the token was when it was last present

  std::mutex read_mutex_;  // one call at a time reads the token
  std::mutex objects_mutex_;
  std::shared_ptr<const TokenObjects> objects_;
  Clock::time_point stale_at_;
};

// What the worker said in place of the answer that was hoped for. Nothing where that is neither.
template <typename Answer>
std::optional<SessionResult<Answer>> ReadAnswer(const worker::Frame& frame) {
  if (frame.type == Answer::kType) {
    auto answer = worker::Decode<Answer>(frame.body);
    if (answer) return SessionResult<Answer>(*std::move(answer));
  } else if (frame.type == worker::MessageType::kFailed) {
    const auto failed = worker::Decode<worker::Failed>(frame.body);
    if (failed) return SessionResult<Answer>(tl::make_unexpected(ToFailure(*failed)));
  }
  return std::nullopt;
}

template <typename Answer, typename Request>
SessionResult<Answer> WorkerToken::Call(const char* function, const Request& request, Repeat repeat,
                                        size_t answer_bytes_max) {
  const Bytes body = Encode(request);
  for (size_t attempt = 0;; ++attempt) {
    GRANT_TRY(WorkerLease lease, crew_.Borrow(function));
    // Until its answer was read: whoever borrows the channel next would take it for another one's.
    lease.Break();
    const auto frame = Exchange(lease.channel(), Request::kType, body, answer_bytes_max, pins_);
    NoAnswer none{worker::Trouble::kMalformed, true};
    if (frame) {
      if (auto answer = ReadAnswer<Answer>(*frame)) {
        const bool lost = !*answer && MeansTokenLost(answer->error().failure.rv);
        lost ? lease.Retire() : lease.Keep();
        return *std::move(answer);
      }
    } else {
      none = frame.error();
    }
    const bool again = !none.sent || (repeat == Repeat::kOnce && attempt == 0 &&
                                      none.trouble == worker::Trouble::kClosed);
    if (again && attempt <= settings_.workers) continue;
    return tl::make_unexpected(Failed(function, none));
  }
}

SessionFailure WorkerToken::Failed(const char* function, const NoAnswer& none) const {
  SessionFailure failure = MakeSessionFailure(function, CKR_DEVICE_REMOVED);
  failure.failure.answered = !none.sent;
  failure.failure.reason = grant::Describe(none.trouble, settings_.call_timeout);
  failure.error.message = grant::Describe(failure.failure);
  return failure;
}

TokenFailure FailureOf(SessionFailure failure) {
  return std::move(failure.failure);
}

gate::TokenRecord WorkerToken::Describe() {
  auto described =
      Call<worker::Described>("C_GetTokenInfo", worker::DescribeToken{}, Repeat::kOnce);
  const std::lock_guard<std::mutex> lock(describe_mutex_);
  described_.present = described.has_value();
  if (!described) return described_;
  described_ = std::move(described->token);
  described_.name = settings_.name;
  described_.accept_any_pin = settings_.accept_any_pin;
  described_.present = true;
  return described_;
}

std::shared_ptr<const TokenObjects> WorkerToken::Known(bool& fresh) {
  const std::lock_guard<std::mutex> lock(objects_mutex_);
  fresh = objects_ && Clock::now() < stale_at_;
  return objects_;
}

// One caller reads the token again; who comes meanwhile gets what was read before.
Result<std::shared_ptr<const TokenObjects>> WorkerToken::Objects() {
  bool fresh = false;
  auto known = Known(fresh);
  if (fresh) return known;
  std::unique_lock<std::mutex> turn(read_mutex_, std::try_to_lock);
  if (!turn.owns_lock()) {
    if (known) return known;
    turn.lock();
  }
  known = Known(fresh);
  if (fresh) return known;
  return ReadObjects();
}

Result<std::shared_ptr<const TokenObjects>> WorkerToken::ReadObjects() {
  bool fresh = false;
  const auto known = Known(fresh);
  const auto start = Clock::now();
  auto answer =
      Call<worker::Objects>("C_FindObjects", worker::GetObjects{known ? known->version : 0},
                            Repeat::kOnce, worker::kLongBytesMax);
  std::shared_ptr<const TokenObjects> objects;
  if (answer && answer->changed) {
    auto made = std::make_shared<TokenObjects>();
    made->version = answer->version;
    for (worker::ObjectEntry& entry : answer->objects) {
      made->objects.push_back({entry.id, entry.object_class, std::move(entry.attributes)});
    }
    objects = std::move(made);
  } else if (answer && known && answer->version == known->version) {
    objects = known;
  }
  const auto end = Clock::now();
  const std::lock_guard<std::mutex> lock(objects_mutex_);
  objects_ = objects;
  stale_at_ = end + std::max(kObjectsAgeMax, kPauseFactor * (end - start));
  if (objects) return objects;
  if (!answer) return tl::make_unexpected(std::move(answer).error().error);
  return Fail(Code::kUnavailable, "the worker of token '" + settings_.name +
                                      "' says that nothing changed where nothing was known");
}

// A request for a signature, which nobody may be asked twice for once it was sent.
class WorkerToken::Started : public StartedSignature {
 public:
  Started(WorkerToken& token, SessionResult<WorkerLease> lease)
      : token_(token), lease_(std::move(lease)) {}
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  // An answer that nobody took would be taken for that to the next request.
  ~Started() override {
    if (lease_ && awaits_answer_) lease_->Break();
  }

  // False where another worker may be asked instead.
  bool Ask(ByteView body) {
    if (!lease_) return true;
    awaits_answer_ = true;
    const auto asked = grant::Ask(lease_->channel(), worker::MessageType::kSign, body);
    if (asked) return true;
    lease_->Break();
    not_sent_ = asked.error();
    return false;
  }

  tl::expected<Bytes, TokenFailure> Finish() override {
    if (!lease_) return tl::make_unexpected(FailureOf(std::move(lease_).error()));
    if (not_sent_) return tl::make_unexpected(FailureOf(token_.Failed(kFunction, *not_sent_)));
    const auto frame = AwaitAnswer(lease_->channel(), worker::kShortBytesMax, token_.pins_);
    auto answer = frame ? ReadAnswer<worker::Value>(*frame) : std::nullopt;
    if (!answer) {
      const NoAnswer malformed{worker::Trouble::kMalformed, true};
      lease_->Break();
      return tl::make_unexpected(
          FailureOf(token_.Failed(kFunction, frame ? malformed : frame.error())));
    }
    awaits_answer_ = false;
    if (*answer) return std::move((*answer)->bytes);
    if (MeansTokenLost(answer->error().failure.rv)) lease_->Retire();
    return tl::make_unexpected(FailureOf(std::move(*answer).error()));
  }

  static constexpr char kFunction[] = "C_Sign";

 private:
  WorkerToken& token_;
  SessionResult<WorkerLease> lease_;
  bool awaits_answer_ = false;
  std::optional<NoAnswer> not_sent_;
};

std::unique_ptr<StartedSignature> WorkerToken::StartSigning(uint64_t key_id,
                                                            const gate::SignMechanism& mechanism,
                                                            ByteView data) {
  const Bytes body = Encode(worker::Sign{key_id, mechanism, {data.begin(), data.end()}});
  for (size_t attempt = 0;; ++attempt) {
    auto started = std::make_unique<Started>(*this, crew_.Borrow(Started::kFunction));
    if (started->Ask(body) || attempt > settings_.workers) return started;
  }
}

tl::expected<Bytes, TokenFailure> WorkerToken::Sign(uint64_t key_id,
                                                    const gate::SignMechanism& mechanism,
                                                    ByteView data) {
  return StartSigning(key_id, mechanism, data)->Finish();
}

tl::expected<void, TokenFailure> WorkerToken::Verify(uint64_t key_id,
                                                     const gate::SignMechanism& mechanism,
                                                     ByteView data, ByteView signature) {
  const worker::Verify request{
      key_id, mechanism, {data.begin(), data.end()}, {signature.begin(), signature.end()}};
  auto verified = Call<worker::Done>("C_Verify", request, Repeat::kNever);
  if (!verified) return tl::make_unexpected(FailureOf(std::move(verified).error()));
  return {};
}

tl::expected<Bytes, TokenFailure> WorkerToken::Encrypt(uint64_t key_id,
                                                       const gate::EncryptMechanism& mechanism,
                                                       ByteView data) {
  const worker::Encrypt request{key_id, mechanism, {data.begin(), data.end()}};
  auto encrypted = Call<worker::Value>("C_Encrypt", request, Repeat::kNever);
  if (!encrypted) return tl::make_unexpected(FailureOf(std::move(encrypted).error()));
  return std::move(encrypted->bytes);
}

tl::expected<Bytes, TokenFailure> WorkerToken::Random(size_t bytes) {
  const worker::GetRandom request{static_cast<uint32_t>(bytes)};
  auto random = Call<worker::Value>("C_GenerateRandom", request, Repeat::kOnce);
  if (!random) return tl::make_unexpected(FailureOf(std::move(random).error()));
  // Fewer would pass for random ones where nobody counts.
  if (random->bytes.size() != bytes) {
    return tl::make_unexpected(TokenFailure{CKR_DEVICE_ERROR, "C_GenerateRandom", true,
                                            "it gave another number of bytes"});
  }
  return std::move(random->bytes);
}

tl::expected<MadeKey, TokenFailure> WorkerToken::GenerateKey(const KeyToMake& wanted) {
  const worker::GenerateKey request{static_cast<uint16_t>(wanted.type), wanted.label, wanted.id};
  auto made = Call<worker::KeyMade>("C_GenerateKeyPair", request, Repeat::kNever);
  {
    // The key is there for whoever looks next, and may be there even where no answer came.
    const std::lock_guard<std::mutex> lock(objects_mutex_);
    stale_at_ = Clock::now();
  }
  if (!made) return tl::make_unexpected(FailureOf(std::move(made).error()));
  return MadeKey{made->label_taken, std::move(made->left_out)};
}

void WorkerToken::Close(const Error& why) {
  pins_.Forget();
  crew_.Close(why);
}

void WorkerToken::Open() {
  if (pins_.state().waiting) {
    crew_.Close(pins_.Waiting());
  } else {
    crew_.Open();
  }
}

Status WorkerToken::AwaitOpened() {
  Status opened = crew_.AwaitOpened();
  if (!opened && pins_.state().refused) opened.error().code = Code::kInvalid;
  return opened;
}

}  // namespace

Result<std::unique_ptr<SealableToken>> OpenWorkerToken(const TokenSettings& settings,
                                                       const WorkerOptions& options) {
  GRANT_TRY(const KeySelector selector, ParseTokenUri(settings.uri));
  if (settings.pin_source != PinSource::kTyped) {
    GRANT_CHECK(ReadPinFile(settings.pin_file, "PIN",
                            settings.pin_source == PinSource::kCredential ? SecretFile::kCredential
                                                                          : SecretFile::kPrivate));
  }
  auto token = std::make_unique<WorkerToken>(settings, options, selector);
  GRANT_CHECK(token->Start(options.closed_for));
  return token;
}

}  // namespace grant
