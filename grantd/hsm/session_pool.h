// Logged-in sessions with one token: one per concurrent use, kept for the next one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "grant/cryptoki/cryptoki.h"
#include "grant/error.h"
#include "grantd/hsm/pin_desk.h"
#include "grantd/hsm/token.h"

namespace grant {

// What a session was begun for ahead of its use. `generation` is of the reading of the token's
// objects that the key was found in.
struct PreparedFor {
  uint64_t key_id = 0;
  gate::SignMechanism mechanism;
  uint64_t generation = 0;
  bool operator==(const PreparedFor&) const = default;
};

class SessionPool;

// A session on loan. It goes back to the pool when the lease ends, unless it was discarded.
class SessionLease {
 public:
  SessionLease(SessionLease&& other) noexcept;
  SessionLease(const SessionLease&) = delete;
  SessionLease& operator=(SessionLease&&) = delete;
  SessionLease& operator=(const SessionLease&) = delete;
  ~SessionLease();

  CK_SESSION_HANDLE handle() const { return handle_; }
  // The number of the login in force. Object handles of another login are worth nothing: the module
  // may have given the same number to another object.
  uint64_t login() const { return login_; }

  // Ends the lease's session for good: after an error its state is unknown. Where `rv` says that
  // the login is lost, the pool logs in again, once, for the next one who asks for a session.
  void Discard(CK_RV rv) { failed_with_ = rv; }
  // Says that an operation was begun in the session, for one who asks for exactly that.
  void KeepPrepared(const PreparedFor& prepared) { prepared_ = prepared; }

 private:
  friend class SessionPool;
  SessionLease(SessionPool& pool, CK_SESSION_HANDLE handle, uint64_t login)
      : pool_(&pool), handle_(handle), login_(login) {}

  SessionPool* pool_;
  CK_SESSION_HANDLE handle_;
  uint64_t login_;
  std::optional<CK_RV> failed_with_;
  std::optional<PreparedFor> prepared_;
};

// Any thread may call it. It must outlive its leases.
class SessionPool {
 public:
  static constexpr size_t kSessionsMax = 64;

  // `functions` is of an initialised module. Nothing is opened before the first call.
  SessionPool(CK_FUNCTION_LIST* functions, TokenSettings settings, KeySelector token,
              std::shared_ptr<PinDesk> pins);
  SessionPool(const SessionPool&) = delete;
  SessionPool& operator=(const SessionPool&) = delete;
  ~SessionPool();

  // The slot of the token, after logging in where there is no login yet or it is lost.
  SessionResult<CK_SLOT_ID> Slot();
  // A session of a logged-in user. Waits for one where all are on loan, for at most 30 s.
  SessionResult<SessionLease> Acquire();
  // A session in which exactly that was begun; nothing where there is none at this moment.
  std::optional<SessionLease> AcquirePrepared(const PreparedFor& wanted);
  // A session with nothing begun in it, for work that nobody waits for: nothing where it would take
  // a login or a wait.
  std::optional<SessionLease> AcquireAside();
  // Ends all that was begun ahead.
  void DropPrepared();
  // Tells the pool what a call without a session met.
  void Note(CK_RV rv);

  // Presents the PIN again, for the one signature just begun (CKU_CONTEXT_SPECIFIC).
  SessionResult<void> Authenticate(CK_SESSION_HANDLE session);

 private:
  friend class SessionLease;
  using Lock = std::unique_lock<std::mutex>;
  struct Idle {
    CK_SESSION_HANDLE session;
    std::optional<PreparedFor> prepared;
  };

  std::optional<SessionLease> TakeIdle(const std::optional<PreparedFor>& prepared);
  bool CloseOnePrepared();
  CK_RV OpenSession(CK_SESSION_HANDLE& session);
  SessionResult<void> EnsureLoggedIn(Lock& lock);
  SessionResult<void> LogIn();
  SessionResult<void> PresentPin(CK_SESSION_HANDLE session, CK_USER_TYPE user);
  void CloseAll();
  void Return(const SessionLease& lease);

  CK_FUNCTION_LIST* const functions_;
  const TokenSettings settings_;
  const KeySelector token_;

  const std::shared_ptr<PinDesk> pins_;

  std::mutex mutex_;  // guards what follows; may be held while the desk is asked
  std::condition_variable returned_;
  bool logged_in_ = false;
  uint64_t login_ = 0;
  CK_SLOT_ID slot_ = 0;
  // The login lasts as long as the process has a session with the token: this one is always open.
  std::optional<CK_SESSION_HANDLE> anchor_;
  std::vector<Idle> idle_;  // the one last used at the end
  size_t on_loan_ = 0;
  size_t sessions_max_ = kSessionsMax;
};

}  // namespace grant
