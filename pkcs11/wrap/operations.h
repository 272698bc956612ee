// What the sessions have begun to sign with, and whether that counts. The backing module holds the
// operations themselves; this says whose key each is for, as it was when it began.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "pkcs11/wrap/use.h"

namespace grant::pkcs11::wrap {

// A session may have one of each at a time.
enum class Kind { kSign, kSignRecover, kMessageSign };

struct Operation {
  std::optional<Use> use;  // nothing where no signer governs the key
};

// Any thread may use it. No lock is held between two calls.
class Operations {
  struct Slot {
    bool is_taken = false;
    bool is_forgotten = false;
    std::optional<Operation> operation;
  };
  using Key = std::pair<CK_SESSION_HANDLE, Kind>;

 public:
  // One call's hold on an operation of a session, from before the backing module is asked until
  // after: so that no other call can put another key's operation in its place meanwhile.
  class Claim {
   public:
    Claim(Operations& operations, CK_SESSION_HANDLE session, Kind kind);
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

    // Another call of the same session is under way.
    bool is_busy() const { return slot_ == nullptr; }
    // What the session has begun; null where there is nothing.
    Operation* operation() const {
      return slot_ != nullptr && slot_->operation ? &*slot_->operation : nullptr;
    }
    void Set(Operation operation) { slot_->operation = std::move(operation); }
    void Clear() { slot_->operation.reset(); }

   private:
    Operations& operations_;
    const Key key_;
    std::shared_ptr<Slot> slot_;
  };

  // From here on the session has begun nothing. Where a call is under way in it, that is so when
  // the call returns, and until then the session, or another that got its handle, is busy.
  void Forget(CK_SESSION_HANDLE session);
  // The sessions that have begun something.
  std::vector<CK_SESSION_HANDLE> Sessions() const;

 private:
  mutable std::mutex mutex_;
  std::map<Key, std::shared_ptr<Slot>> slots_;
};

}  // namespace grant::pkcs11::wrap
