#include "grantd/hsm/module_token.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>

#include "grant/cryptoki/backing_module.h"
#include "grantd/hsm/catalog.h"
#include "grantd/hsm/key_calls.h"
#include "grantd/hsm/key_maker.h"
#include "grantd/hsm/object_reader.h"
#include "grantd/hsm/session_pool.h"
#include "grantd/hsm/slot.h"

namespace grant {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Clock::duration kCatalogAgeMax = std::chrono::seconds(2);
// A large or slow token is read less often: reading takes at most a twentieth of the time.
constexpr int kPauseFactor = 20;
// A key that is not found may have come since the last reading, if that is not of just now.
constexpr Clock::duration kMissPause = std::chrono::milliseconds(200);

// The module at `path`, loaded once per process however many tokens it serves.
Result<CK_FUNCTION_LIST*> SharedModule(const std::string& path) {
  static std::mutex mutex;
  // Never destroyed: modules do not survive being unloaded, and threads may still be in them at
  // exit.
  static auto& modules = *new std::map<std::string, std::unique_ptr<cryptoki::BackingModule>>;
  const std::lock_guard<std::mutex> lock(mutex);
  if (const auto found = modules.find(path); found != modules.end()) {
    return found->second->functions();
  }
  GRANT_TRY(auto module, cryptoki::BackingModule::Load(path));
  GRANT_CHECK(module->Initialize());
  return modules.emplace(path, std::move(module)).first->second->functions();
}

// What one reading of the token gave.
struct Reading {
  Catalog catalog;
  uint64_t login = 0;  // whose handles these are
  // Changes with the private keys, their handles, and what may be done with them.
  uint64_t generation = 0;
  Clock::time_point read_at;
  Clock::duration took{};

  Clock::duration age() const { return Clock::now() - read_at; }
  Clock::duration age_max() const { return std::max(kCatalogAgeMax, kPauseFactor * took); }
};

bool SameKeys(const Reading& one, const Reading& other) {
  return one.login == other.login &&
         one.catalog.objects->version == other.catalog.objects->version &&
         one.catalog.private_keys == other.catalog.private_keys;
}

// How an operation with a key begins, and which keys it takes.
struct Operation {
  const char* name;
  CK_C_SignInit init;  // C_VerifyInit and C_EncryptInit are alike
  KeyHandles Catalog::*keys;
};

class LoadedModuleToken : public ModuleToken {
 public:
  LoadedModuleToken(CK_FUNCTION_LIST* functions, TokenSettings settings, KeySelector selector,
                    std::shared_ptr<PinDesk> pins)
      : functions_(functions),
        settings_(std::move(settings)),
        pool_(functions, settings_, std::move(selector), std::move(pins)) {
    described_.name = settings_.name;
    described_.accept_any_pin = settings_.accept_any_pin;
  }

  Status LogIn();
  const TokenSettings& settings() const override { return settings_; }
  gate::TokenRecord Describe() override;
  Result<std::shared_ptr<const TokenObjects>> Objects() override;
  tl::expected<Bytes, TokenFailure> Sign(uint64_t key_id, const gate::SignMechanism& mechanism,
                                         ByteView data) override;
  tl::expected<void, TokenFailure> Verify(uint64_t key_id, const gate::SignMechanism& mechanism,
                                          ByteView data, ByteView signature) override;
  tl::expected<Bytes, TokenFailure> Encrypt(uint64_t key_id,
                                            const gate::EncryptMechanism& mechanism,
                                            ByteView data) override;
  tl::expected<Bytes, TokenFailure> Random(size_t bytes) override;
  tl::expected<MadeKey, TokenFailure> GenerateKey(const KeyToMake& wanted) override;
  void PrepareSignature(uint64_t key_id, const gate::SignMechanism& mechanism) override;
  void Refresh() override;

 private:
  std::shared_ptr<const Reading> Latest();
  SessionResult<std::shared_ptr<const Reading>> Read(SessionLease& lease);
  SessionResult<KeyHandle> FindKey(SessionLease& lease, KeyHandles Catalog::*keys, uint64_t key_id);
  std::optional<KeyHandle> PreparableKey(const Reading* reading, uint64_t key_id) const;
  std::optional<SessionResult<Bytes>> SignPrepared(uint64_t key_id,
                                                   const gate::SignMechanism& mechanism,
                                                   ByteView data);
  void Outdate(const SessionLease& lease);
  SessionResult<void> Begin(SessionLease& lease, const Operation& operation, uint64_t key_id,
                            CK_MECHANISM& mechanism, size_t data_bytes);
  // Runs `use(lease)` in a session of the pool.
  template <typename Use>
  auto InSession(Use use);

  CK_FUNCTION_LIST* const functions_;
  const TokenSettings settings_;
  SessionPool pool_;

  std::mutex describe_mutex_;
  gate::TokenRecord described_;  // as the token was when it was last present

  std::mutex read_mutex_;  // one thread reads the token at a time; taken with a lease in hand
  std::mutex latest_mutex_;
  std::shared_ptr<const Reading> latest_;
  uint64_t last_generation_ = 0;
};

Status LoadedModuleToken::LogIn() {
  if (auto slot = pool_.Slot(); !slot) {
    return tl::make_unexpected(std::move(slot).error().error);
  }
  return {};
}

gate::TokenRecord LoadedModuleToken::Describe() {
  const auto slot = pool_.Slot();
  const std::lock_guard<std::mutex> lock(describe_mutex_);
  described_.present = false;
  if (!slot) return described_;
  if (const auto described = DescribeSlot(functions_, *slot, described_); !described) {
    pool_.Note(described.error());
    return described_;
  }
  described_.present = true;
  return described_;
}

Result<std::shared_ptr<const TokenObjects>> LoadedModuleToken::Objects() {
  auto lease = pool_.Acquire();
  if (!lease) return tl::make_unexpected(std::move(lease).error().error);
  const std::lock_guard<std::mutex> lock(read_mutex_);
  auto reading = Read(*lease);
  if (!reading) return tl::make_unexpected(std::move(reading).error().error);
  return (*reading)->catalog.objects;
}

std::shared_ptr<const Reading> LoadedModuleToken::Latest() {
  const std::lock_guard<std::mutex> lock(latest_mutex_);
  return latest_;
}

SessionResult<std::shared_ptr<const Reading>> LoadedModuleToken::Read(SessionLease& lease) {
  const auto start = Clock::now();
  auto objects = ReadObjects(functions_, lease.handle());
  if (!objects) {
    lease.Discard(objects.error().failure.rv);
    return tl::make_unexpected(std::move(objects).error());
  }
  const auto end = Clock::now();
  auto reading = std::make_shared<Reading>(
      Reading{MakeCatalog(*std::move(objects)), lease.login(), 0, end, end - start});
  {
    const std::lock_guard<std::mutex> lock(latest_mutex_);
    const bool same = latest_ && SameKeys(*latest_, *reading);
    reading->generation = same ? latest_->generation : ++last_generation_;
    latest_ = reading;
    if (same) return latest_;
  }
  pool_.DropPrepared();
  return std::shared_ptr<const Reading>(std::move(reading));
}

// Handles hold for one login only, so a reading of an earlier one is never used. A key that is not
// in the reading may be new: then the token is read again, unless that was done just now.
SessionResult<KeyHandle> LoadedModuleToken::FindKey(SessionLease& lease, KeyHandles Catalog::*keys,
                                                    uint64_t key_id) {
  const auto knows = [&](const std::shared_ptr<const Reading>& reading) {
    return reading && reading->login == lease.login() &&
           ((reading->catalog.*keys).contains(key_id) ||
            reading->age() < std::max(kMissPause, kPauseFactor * reading->took));
  };
  auto reading = Latest();
  if (!knows(reading)) {
    const std::lock_guard<std::mutex> lock(read_mutex_);
    reading = Latest();
    if (!knows(reading)) {
      GRANT_TRY(reading, Read(lease));
    }
  }
  const KeyHandles& handles = reading->catalog.*keys;
  const auto found = handles.find(key_id);
  if (found == handles.end()) {
    return tl::make_unexpected(MakeSessionFailure("C_FindObjects", CKR_KEY_HANDLE_INVALID));
  }
  return found->second;
}

void LoadedModuleToken::Outdate(const SessionLease& lease) {
  const std::lock_guard<std::mutex> lock(latest_mutex_);
  if (latest_ && latest_->login == lease.login()) latest_.reset();
}

// A handle that is no longer valid is looked up anew, once: nothing is done with the key before the
// operation has begun.
SessionResult<void> LoadedModuleToken::Begin(SessionLease& lease, const Operation& operation,
                                             uint64_t key_id, CK_MECHANISM& mechanism,
                                             size_t data_bytes) {
  CK_RV rv = CKR_OK;
  for (int attempt = 0; attempt < 2; ++attempt) {
    GRANT_TRY(const KeyHandle key, FindKey(lease, operation.keys, key_id));
    rv = CheckInput(key, mechanism.mechanism, data_bytes);
    if (rv != CKR_OK) break;
    rv = operation.init(lease.handle(), &mechanism, key.handle);
    if (rv == CKR_OK) {
      return key.always_authenticate ? pool_.Authenticate(lease.handle()) : SessionResult<void>();
    }
    if (rv != CKR_KEY_HANDLE_INVALID && rv != CKR_OBJECT_HANDLE_INVALID) break;
    Outdate(lease);
  }
  // What SoftHSM says of parameters that it does not know; no argument of the call is at fault.
  if (rv == CKR_ARGUMENTS_BAD && mechanism.pParameter != nullptr) rv = CKR_MECHANISM_PARAM_INVALID;
  return tl::make_unexpected(MakeSessionFailure(operation.name, rv));
}

// Whether the token has judged the caller's input, and its session is as good as before.
bool IsVerdict(CK_RV rv) {
  return rv == CKR_SIGNATURE_INVALID || rv == CKR_SIGNATURE_LEN_RANGE;
}

template <typename Use>
auto LoadedModuleToken::InSession(Use use) {
  using Value = typename std::invoke_result_t<Use, SessionLease&>::value_type;
  using Outcome = tl::expected<Value, TokenFailure>;
  auto lease = pool_.Acquire();
  if (!lease) return Outcome(tl::make_unexpected(std::move(lease).error().failure));
  auto outcome = use(*lease);
  if (!outcome && !IsVerdict(outcome.error().failure.rv)) {
    lease->Discard(outcome.error().failure.rv);
  }
  return Outcome(std::move(outcome).map_error(
      [](SessionFailure&& failed) { return std::move(failed.failure); }));
}

// The key that the ID names in a reading of now, if operations with it may be begun ahead.
std::optional<KeyHandle> LoadedModuleToken::PreparableKey(const Reading* reading,
                                                          uint64_t key_id) const {
  if (reading == nullptr || reading->age() > reading->age_max()) return std::nullopt;
  const auto found = reading->catalog.private_keys.find(key_id);
  if (found == reading->catalog.private_keys.end() || found->second.always_authenticate) {
    return std::nullopt;
  }
  return found->second;
}

// Nothing where no such operation was begun, or where the token knows nothing of it any more: then
// there can be no signature.
std::optional<SessionResult<Bytes>> LoadedModuleToken::SignPrepared(
    uint64_t key_id, const gate::SignMechanism& mechanism, ByteView data) {
  const auto reading = Latest();
  const auto key = PreparableKey(reading.get(), key_id);
  if (!key || CheckInput(*key, mechanism.type, data.size()) != CKR_OK) return std::nullopt;
  auto lease = pool_.AcquirePrepared({key_id, mechanism, reading->generation});
  if (!lease) return std::nullopt;
  auto signature = CallSign(functions_, lease->handle(), data);
  if (signature) return signature;
  const CK_RV rv = signature.error().failure.rv;
  lease->Discard(rv);
  if (rv == CKR_OPERATION_NOT_INITIALIZED) return std::nullopt;
  return signature;
}

void LoadedModuleToken::PrepareSignature(uint64_t key_id, const gate::SignMechanism& mechanism) {
  const auto reading = Latest();
  const auto key = PreparableKey(reading.get(), key_id);
  if (!key) return;
  auto lease = pool_.AcquireAside();
  if (!lease || lease->login() != reading->login) return;
  RawMechanism raw(mechanism);
  const CK_RV rv = functions_->C_SignInit(lease->handle(), &raw.get(), key->handle);
  if (rv != CKR_OK) return lease->Discard(rv);
  lease->KeepPrepared({key_id, mechanism, reading->generation});
}

void LoadedModuleToken::Refresh() {
  const auto reading = Latest();
  if (!reading || reading->age() < reading->age_max() / 2) return;
  auto lease = pool_.AcquireAside();
  if (!lease) return;
  const std::lock_guard<std::mutex> lock(read_mutex_);
  static_cast<void>(Read(*lease));
}

tl::expected<Bytes, TokenFailure> LoadedModuleToken::Sign(uint64_t key_id,
                                                          const gate::SignMechanism& mechanism,
                                                          ByteView data) {
  if (auto signed_ahead = SignPrepared(key_id, mechanism, data)) {
    return std::move(*signed_ahead).map_error([](SessionFailure&& failed) {
      return std::move(failed.failure);
    });
  }
  return InSession([&](SessionLease& lease) -> SessionResult<Bytes> {
    RawMechanism raw(mechanism);
    GRANT_CHECK(Begin(lease, {"C_SignInit", functions_->C_SignInit, &Catalog::private_keys}, key_id,
                      raw.get(), data.size()));
    return CallSign(functions_, lease.handle(), data);
  });
}

tl::expected<void, TokenFailure> LoadedModuleToken::Verify(uint64_t key_id,
                                                           const gate::SignMechanism& mechanism,
                                                           ByteView data, ByteView signature) {
  return InSession([&](SessionLease& lease) -> SessionResult<void> {
    RawMechanism raw(mechanism);
    GRANT_CHECK(Begin(lease, {"C_VerifyInit", functions_->C_VerifyInit, &Catalog::public_keys},
                      key_id, raw.get(), data.size()));
    return CallVerify(functions_, lease.handle(), data, signature);
  });
}

tl::expected<Bytes, TokenFailure> LoadedModuleToken::Encrypt(
    uint64_t key_id, const gate::EncryptMechanism& mechanism, ByteView data) {
  return InSession([&](SessionLease& lease) -> SessionResult<Bytes> {
    RawMechanism raw(mechanism);
    GRANT_CHECK(Begin(lease, {"C_EncryptInit", functions_->C_EncryptInit, &Catalog::public_keys},
                      key_id, raw.get(), data.size()));
    return CallEncrypt(functions_, lease.handle(), data);
  });
}

tl::expected<Bytes, TokenFailure> LoadedModuleToken::Random(size_t bytes) {
  return InSession(
      [&](SessionLease& lease) { return CallGenerateRandom(functions_, lease.handle(), bytes); });
}

// The pool's sessions are read-only and stay so: this one is of the same login, for one key pair.
tl::expected<MadeKey, TokenFailure> LoadedModuleToken::GenerateKey(const KeyToMake& wanted) {
  const auto slot = pool_.Slot();
  if (!slot) return tl::make_unexpected(slot.error().failure);
  CK_SESSION_HANDLE session = 0;
  const CK_RV rv = functions_->C_OpenSession(*slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                             nullptr, &session);
  if (rv != CKR_OK) {
    pool_.Note(rv);
    return tl::make_unexpected(TokenFailure{rv, "C_OpenSession", true, {}});
  }
  auto made = MakeKey(functions_, session, wanted);
  functions_->C_CloseSession(session);
  if (made) return *std::move(made);
  pool_.Note(made.error().failure.rv);
  return tl::make_unexpected(std::move(made).error().failure);
}

}  // namespace

Result<std::unique_ptr<ModuleToken>> ModuleToken::Open(const TokenSettings& settings,
                                                       std::shared_ptr<PinDesk> pins) {
  GRANT_TRY(KeySelector selector, ParseTokenUri(settings.uri));
  GRANT_TRY(CK_FUNCTION_LIST* const functions, SharedModule(settings.module));
  auto token = std::make_unique<LoadedModuleToken>(functions, settings, std::move(selector),
                                                   std::move(pins));
  GRANT_CHECK(token->LogIn());
  return token;
}

}  // namespace grant
