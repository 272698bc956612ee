#include "grantd/hsm/session_pool.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

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

}  // namespace

SessionLease::SessionLease(SessionLease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      handle_(other.handle_),
      login_(other.login_),
      failed_with_(other.failed_with_),
      prepared_(other.prepared_) {}

SessionLease::~SessionLease() {
  if (pool_ != nullptr) pool_->Return(*this);
}

SessionPool::SessionPool(CK_FUNCTION_LIST* functions, TokenSettings settings, KeySelector token,
                         std::shared_ptr<PinDesk> pins)
    : functions_(functions),
      settings_(std::move(settings)),
      token_(std::move(token)),
      pins_(std::move(pins)) {}

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
    if (auto idle = TakeIdle(std::nullopt)) return *std::move(idle);
    if (on_loan_ + idle_.size() < sessions_max_ || CloseOnePrepared()) {
      CK_SESSION_HANDLE session = 0;
      const CK_RV rv = OpenSession(session);
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

// For another use, a session with something begun in it is closed and a new one opened. Where the
// token has no more sessions, closing one makes room.
CK_RV SessionPool::OpenSession(CK_SESSION_HANDLE& session) {
  CK_RV rv = CKR_OK;
  do {
    rv = functions_->C_OpenSession(slot_, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
  } while (rv == CKR_SESSION_COUNT && CloseOnePrepared());
  return rv;
}

bool SessionPool::CloseOnePrepared() {
  if (idle_.empty()) return false;
  functions_->C_CloseSession(idle_.front().session);
  idle_.erase(idle_.begin());
  return true;
}

std::optional<SessionLease> SessionPool::TakeIdle(const std::optional<PreparedFor>& prepared) {
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [&prepared](const Idle& idle) {
    return idle.prepared == prepared;
  });
  if (found == idle_.rend()) return std::nullopt;
  const CK_SESSION_HANDLE session = found->session;
  idle_.erase(std::next(found).base());
  ++on_loan_;
  return SessionLease(*this, session, login_);
}

std::optional<SessionLease> SessionPool::AcquirePrepared(const PreparedFor& wanted) {
  const Lock lock(mutex_);
  return logged_in_ ? TakeIdle(wanted) : std::nullopt;
}

std::optional<SessionLease> SessionPool::AcquireAside() {
  const Lock lock(mutex_);
  if (!logged_in_) return std::nullopt;
  if (auto idle = TakeIdle(std::nullopt)) return idle;
  CK_SESSION_HANDLE session = 0;
  if (on_loan_ + idle_.size() >= sessions_max_ || OpenSession(session) != CKR_OK) {
    return std::nullopt;
  }
  ++on_loan_;
  return SessionLease(*this, session, login_);
}

void SessionPool::DropPrepared() {
  const Lock lock(mutex_);
  std::erase_if(idle_, [this](const Idle& idle) {
    if (idle.prepared) functions_->C_CloseSession(idle.session);
    return idle.prepared.has_value();
  });
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
        TokenFailure{CKR_TOKEN_NOT_PRESENT, "C_GetSlotList", true, {}}, std::move(slot).error()});
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
  return pins_->Present([&](std::span<const uint8_t> pin) {
    const CK_RV rv =
        functions_->C_Login(session, user, const_cast<uint8_t*>(pin.data()), pin.size());
    return user == CKU_USER && rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
  });
}

void SessionPool::CloseAll() {
  for (const Idle& idle : idle_) functions_->C_CloseSession(idle.session);
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
    idle_.push_back({lease.handle_, lease.prepared_});
  }
  returned_.notify_all();
}

}  // namespace grant
