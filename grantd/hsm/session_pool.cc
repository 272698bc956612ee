#include "grantd/hsm/session_pool.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "grant/cryptoki/backing_module.h"
#include "grant/cryptoki/names.h"
#include "grantd/hsm/pin_file.h"
#include "grantd/hsm/slot.h"

namespace grant {
namespace {

constexpr std::chrono::seconds kWaitMax{30};

bool MeansLoginLost(CK_RV rv) {
  switch (rv) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_SLOT_ID_INVALID:
      return true;
    default:
      return false;
  }
}

// Whether the answer is about the PIN itself, so that presenting it again can only lock the token.
bool MeansPinRefused(CK_RV rv) {
  switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_EXPIRED:
    case CKR_PIN_LOCKED:
      return true;
    default:
      return false;
  }
}

SessionFailure PinRefused(const TokenSettings& settings, CK_RV rv) {
  SessionFailure failure = MakeSessionFailure("C_Login", rv);
  failure.error.message = fmt::format("token '{}' refused the PIN in {}: {}", settings.name,
                                      settings.pin_file, cryptoki::ReturnValueName(rv));
  failure.error.hint = fmt::format(
      "correct the PIN in {} and restart grantd; it is not tried again, as wrong PINs lock a token",
      settings.pin_file);
  return failure;
}

}  // namespace

SessionFailure MakeSessionFailure(const char* function, CK_RV rv) {
  return {TokenFailure{rv, function, true}, cryptoki::TokenError(function, rv)};
}

SessionLease::SessionLease(SessionLease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      handle_(other.handle_),
      login_(other.login_),
      failed_with_(other.failed_with_) {}

SessionLease::~SessionLease() {
  if (pool_ != nullptr) pool_->Return(*this);
}

SessionPool::SessionPool(CK_FUNCTION_LIST* functions, TokenSettings settings, KeySelector token)
    : functions_(functions), settings_(std::move(settings)), token_(std::move(token)) {}

// No C_Logout: another Token of this process may use the same login. It ends with the last session.
SessionPool::~SessionPool() {
  CloseAll();
}

SessionResult<CK_SLOT_ID> SessionPool::Slot() {
  Lock lock(mutex_);
  GRANT_CHECK(EnsureLoggedIn(lock));
  return slot_;
}

SessionResult<SessionLease> SessionPool::Acquire() {
  const auto deadline = std::chrono::steady_clock::now() + kWaitMax;
  Lock lock(mutex_);
  while (true) {
    GRANT_CHECK(EnsureLoggedIn(lock));
    if (!idle_.empty()) {
      const CK_SESSION_HANDLE session = idle_.back();
      idle_.pop_back();
      ++on_loan_;
      return SessionLease(*this, session, login_);
    }
    if (on_loan_ < sessions_max_) {
      CK_SESSION_HANDLE session = 0;
      const CK_RV rv =
          functions_->C_OpenSession(slot_, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
      if (rv == CKR_OK) {
        ++on_loan_;
        return SessionLease(*this, session, login_);
      }
      // Fewer sessions than the pool's own bound: make do with those there are.
      const bool others_will_return = rv == CKR_SESSION_COUNT && on_loan_ > 0;
      if (!others_will_return) {
        if (MeansLoginLost(rv)) logged_in_ = false;
        return tl::make_unexpected(MakeSessionFailure("C_OpenSession", rv));
      }
      sessions_max_ = on_loan_;
    }
    if (returned_.wait_until(lock, deadline) == std::cv_status::timeout) {
      return tl::make_unexpected(MakeSessionFailure("C_OpenSession", CKR_SESSION_COUNT));
    }
  }
}

void SessionPool::Note(CK_RV rv) {
  if (!MeansLoginLost(rv)) return;
  const Lock lock(mutex_);
  logged_in_ = false;
}

SessionResult<void> SessionPool::Authenticate(CK_SESSION_HANDLE session) {
  return PresentPin(session, CKU_CONTEXT_SPECIFIC);
}

// A new login waits until no session of the lost one is on loan. Otherwise such a session, closed
// late, could hit a new session to which the module gave the same handle.
SessionResult<void> SessionPool::EnsureLoggedIn(Lock& lock) {
  const bool drained =
      returned_.wait_for(lock, kWaitMax, [this] { return logged_in_ || on_loan_ == 0; });
  if (!drained) {
    return tl::make_unexpected(MakeSessionFailure("C_Login", CKR_USER_NOT_LOGGED_IN));
  }
  if (logged_in_) return {};
  return LogIn();
}

SessionResult<void> SessionPool::LogIn() {
  CloseAll();
  auto slot = FindSlot(functions_, token_, settings_);
  if (!slot) {
    return tl::make_unexpected(SessionFailure{
        TokenFailure{CKR_TOKEN_NOT_PRESENT, "C_GetSlotList", true}, std::move(slot).error()});
  }
  CK_SESSION_HANDLE session = 0;
  const CK_RV rv = functions_->C_OpenSession(*slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_OpenSession", rv));
  anchor_ = session;
  if (auto presented = PresentPin(session, CKU_USER); !presented) {
    CloseAll();
    return presented;
  }
  slot_ = *slot;
  sessions_max_ = kSessionsMax;
  ++login_;
  logged_in_ = true;
  return {};
}

SessionResult<void> SessionPool::PresentPin(CK_SESSION_HANDLE session, CK_USER_TYPE user) {
  // One at a time, so that a PIN that was refused is presented once and not once per thread.
  const std::lock_guard<std::mutex> pin_lock(pin_mutex_);
  if (pin_refused_with_) return tl::make_unexpected(PinRefused(settings_, *pin_refused_with_));
  auto pin = ReadPinFile(settings_.pin_file);
  if (!pin) {
    // Not CKR_USER_NOT_LOGGED_IN: a PIN file that is gone ends no login that is in force.
    return tl::make_unexpected(
        SessionFailure{TokenFailure{CKR_GENERAL_ERROR, "C_Login", true}, std::move(pin).error()});
  }
  const std::span<const uint8_t> bytes = pin->bytes();
  const CK_RV rv =
      functions_->C_Login(session, user, const_cast<uint8_t*>(bytes.data()), bytes.size());
  if (rv == CKR_OK || (user == CKU_USER && rv == CKR_USER_ALREADY_LOGGED_IN)) return {};
  if (!MeansPinRefused(rv)) return tl::make_unexpected(MakeSessionFailure("C_Login", rv));
  pin_refused_with_ = rv;
  return tl::make_unexpected(PinRefused(settings_, rv));
}

void SessionPool::CloseAll() {
  for (const CK_SESSION_HANDLE session : idle_) functions_->C_CloseSession(session);
  idle_.clear();
  if (anchor_) functions_->C_CloseSession(*anchor_);
  anchor_.reset();
}

void SessionPool::Return(const SessionLease& lease) {
  const Lock lock(mutex_);
  --on_loan_;
  if (lease.failed_with_) {
    functions_->C_CloseSession(lease.handle_);
    if (MeansLoginLost(*lease.failed_with_)) logged_in_ = false;
  } else {
    idle_.push_back(lease.handle_);
  }
  returned_.notify_all();
}

}  // namespace grant
