// A Token on a backing module that is loaded into grantd itself.
#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>

#include "grant/cryptoki/backing_module.h"
#include "grantd/hsm/catalog.h"
#include "grantd/hsm/object_reader.h"
#include "grantd/hsm/session_pool.h"
#include "grantd/hsm/slot.h"
#include "grantd/hsm/token.h"

namespace grant {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Clock::duration kCatalogAgeMax = std::chrono::seconds(2);
// A large or slow token is read less often: reading takes at most a twentieth of the time.
constexpr int kPauseFactor = 20;
constexpr size_t kSignatureBytesMax = 8192;

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
  Clock::time_point stale_at;
};

class ModuleToken : public Token {
 public:
  ModuleToken(CK_FUNCTION_LIST* functions, TokenSettings settings, KeySelector selector)
      : functions_(functions),
        settings_(std::move(settings)),
        pool_(functions, settings_, std::move(selector)) {
    described_.name = settings_.name;
    described_.accept_any_pin = settings_.accept_any_pin;
  }

  Status Open();
  const TokenSettings& settings() const override { return settings_; }
  gate::TokenRecord Describe() override;
  Result<std::shared_ptr<const TokenObjects>> Objects() override;
  tl::expected<Bytes, TokenFailure> Sign(uint64_t key_id, const gate::SignMechanism& mechanism,
                                         ByteView data) override;

 private:
  std::shared_ptr<const Reading> Latest();
  SessionResult<std::shared_ptr<const Reading>> Read(SessionLease& lease);
  SessionResult<SigningKey> FindKey(SessionLease& lease, uint64_t key_id);
  void Outdate(const SessionLease& lease);
  SessionResult<void> Begin(SessionLease& lease, uint64_t key_id, CK_MECHANISM& mechanism);
  SessionResult<Bytes> SignIn(SessionLease& lease, uint64_t key_id,
                              const gate::SignMechanism& mechanism, ByteView data);

  CK_FUNCTION_LIST* const functions_;
  const TokenSettings settings_;
  SessionPool pool_;

  std::mutex describe_mutex_;
  gate::TokenRecord described_;  // as the token was when it was last present

  std::mutex read_mutex_;  // one thread reads the token at a time; taken with a lease in hand
  std::mutex latest_mutex_;
  std::shared_ptr<const Reading> latest_;
};

Status ModuleToken::Open() {
  if (auto slot = pool_.Slot(); !slot) {
    return tl::make_unexpected(std::move(slot).error().error);
  }
  return {};
}

gate::TokenRecord ModuleToken::Describe() {
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

Result<std::shared_ptr<const TokenObjects>> ModuleToken::Objects() {
  if (const auto latest = Latest(); latest && Clock::now() < latest->stale_at) {
    return latest->catalog.objects;
  }
  auto lease = pool_.Acquire();
  if (!lease) return tl::make_unexpected(std::move(lease).error().error);
  const std::lock_guard<std::mutex> lock(read_mutex_);
  if (const auto latest = Latest(); latest && Clock::now() < latest->stale_at) {
    return latest->catalog.objects;
  }
  auto reading = Read(*lease);
  if (!reading) return tl::make_unexpected(std::move(reading).error().error);
  return (*reading)->catalog.objects;
}

std::shared_ptr<const Reading> ModuleToken::Latest() {
  const std::lock_guard<std::mutex> lock(latest_mutex_);
  return latest_;
}

SessionResult<std::shared_ptr<const Reading>> ModuleToken::Read(SessionLease& lease) {
  const auto start = Clock::now();
  auto objects = ReadObjects(functions_, lease.handle());
  if (!objects) {
    lease.Discard(objects.error().failure.rv);
    return tl::make_unexpected(std::move(objects).error());
  }
  const auto end = Clock::now();
  const auto reading = std::make_shared<const Reading>(
      Reading{MakeCatalog(*std::move(objects)), lease.login(),
              end + std::max(kCatalogAgeMax, kPauseFactor * (end - start))});
  const std::lock_guard<std::mutex> lock(latest_mutex_);
  latest_ = reading;
  return reading;
}

// Handles hold for one login only, so a reading of an earlier one is never used.
SessionResult<SigningKey> ModuleToken::FindKey(SessionLease& lease, uint64_t key_id) {
  auto reading = Latest();
  if (!reading || reading->login != lease.login()) {
    const std::lock_guard<std::mutex> lock(read_mutex_);
    reading = Latest();
    if (!reading || reading->login != lease.login()) {
      GRANT_TRY(reading, Read(lease));
    }
  }
  const auto found = reading->catalog.private_keys.find(key_id);
  if (found == reading->catalog.private_keys.end()) {
    return tl::make_unexpected(MakeSessionFailure("C_FindObjects", CKR_KEY_HANDLE_INVALID));
  }
  return found->second;
}

void ModuleToken::Outdate(const SessionLease& lease) {
  const std::lock_guard<std::mutex> lock(latest_mutex_);
  if (latest_ && latest_->login == lease.login()) latest_.reset();
}

// A handle that is no longer valid is looked up anew, once: there is no signature before
// C_SignInit.
SessionResult<void> ModuleToken::Begin(SessionLease& lease, uint64_t key_id,
                                       CK_MECHANISM& mechanism) {
  CK_RV rv = CKR_OK;
  for (int attempt = 0; attempt < 2; ++attempt) {
    GRANT_TRY(const SigningKey key, FindKey(lease, key_id));
    rv = functions_->C_SignInit(lease.handle(), &mechanism, key.handle);
    if (rv == CKR_OK) {
      return key.always_authenticate ? pool_.Authenticate(lease.handle()) : SessionResult<void>();
    }
    if (rv != CKR_KEY_HANDLE_INVALID && rv != CKR_OBJECT_HANDLE_INVALID) break;
    Outdate(lease);
  }
  return tl::make_unexpected(MakeSessionFailure("C_SignInit", rv));
}

namespace {

// Whether C_Sign answered so because the token would not sign. Other failures, of the line to the
// token for instance, may follow a signature that was made.
bool IsRefusal(CK_RV rv) {
  switch (rv) {
    case CKR_DATA_INVALID:
    case CKR_DATA_LEN_RANGE:
    case CKR_FUNCTION_REJECTED:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_KEY_SIZE_RANGE:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_OPERATION_NOT_INITIALIZED:
    case CKR_USER_NOT_LOGGED_IN:
      return true;
    default:
      return false;
  }
}

}  // namespace

SessionResult<Bytes> ModuleToken::SignIn(SessionLease& lease, uint64_t key_id,
                                         const gate::SignMechanism& mechanism, ByteView data) {
  CK_RSA_PKCS_PSS_PARAMS pss{};
  CK_MECHANISM raw{mechanism.type, nullptr, 0};
  if (mechanism.pss) {
    pss = {mechanism.pss->hash, mechanism.pss->mgf, mechanism.pss->salt_bytes};
    raw.pParameter = &pss;
    raw.ulParameterLen = sizeof pss;
  }
  GRANT_CHECK(Begin(lease, key_id, raw));
  Bytes signature(kSignatureBytesMax);
  CK_ULONG length = signature.size();
  // C_Sign does not write to the data, though its prototype would let it. A module may reject a
  // null pointer even where there is no data.
  static const uint8_t kNoData = 0;
  const uint8_t* const bytes = data.empty() ? &kNoData : data.data();
  const CK_RV rv = functions_->C_Sign(lease.handle(), const_cast<uint8_t*>(bytes), data.size(),
                                      signature.data(), &length);
  if (rv != CKR_OK) {
    SessionFailure failure = MakeSessionFailure("C_Sign", rv);
    failure.failure.answered = IsRefusal(rv);
    return tl::make_unexpected(std::move(failure));
  }
  signature.resize(std::min<size_t>(length, kSignatureBytesMax));
  return signature;
}

tl::expected<Bytes, TokenFailure> ModuleToken::Sign(uint64_t key_id,
                                                    const gate::SignMechanism& mechanism,
                                                    ByteView data) {
  auto lease = pool_.Acquire();
  if (!lease) return tl::make_unexpected(std::move(lease).error().failure);
  auto signature = SignIn(*lease, key_id, mechanism, data);
  if (!signature) {
    lease->Discard(signature.error().failure.rv);
    return tl::make_unexpected(std::move(signature).error().failure);
  }
  return *std::move(signature);
}

}  // namespace

Result<std::unique_ptr<Token>> OpenModuleToken(const TokenSettings& settings) {
  GRANT_TRY(KeySelector selector, ParseTokenUri(settings.uri));
  GRANT_TRY(CK_FUNCTION_LIST* const functions, SharedModule(settings.module));
  auto token = std::make_unique<ModuleToken>(functions, settings, std::move(selector));
  GRANT_CHECK(token->Open());
  return token;
}

}  // namespace grant
