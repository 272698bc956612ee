#include "pkcs11/wrap/operations.h"

namespace grant::pkcs11::wrap {

Operations::Claim::Claim(Operations& operations, CK_SESSION_HANDLE session, Kind kind)
    : operations_(operations), key_(session, kind) {
  std::lock_guard lock(operations_.mutex_);
  std::shared_ptr<Slot>& slot = operations_.slots_[key_];
  if (!slot) slot = std::make_shared<Slot>();
  if (!std::exchange(slot->is_taken, true)) slot_ = slot;
}

Operations::Claim::~Claim() {
  if (!slot_) return;
  std::lock_guard lock(operations_.mutex_);
  slot_->is_taken = false;
  const auto found = operations_.slots_.find(key_);
  // Meanwhile the session may have been forgotten, and its handle given out again.
  if (found == operations_.slots_.end() || found->second != slot_) return;
  if (!slot_->operation) operations_.slots_.erase(found);
}

void Operations::Forget(CK_SESSION_HANDLE session, Kind kind) {
  std::shared_ptr<Slot> forgotten;
  std::lock_guard lock(mutex_);
  const auto found = slots_.find({session, kind});
  if (found == slots_.end()) return;
  forgotten = std::move(found->second);
  slots_.erase(found);
}

void Operations::Forget(CK_SESSION_HANDLE session) {
  for (const Kind kind : {Kind::kSign, Kind::kSignRecover, Kind::kMessageSign}) {
    Forget(session, kind);
  }
}

std::vector<CK_SESSION_HANDLE> Operations::Sessions() const {
  std::vector<CK_SESSION_HANDLE> sessions;
  std::lock_guard lock(mutex_);
  for (const auto& [key, slot] : slots_) {
    if (sessions.empty() || sessions.back() != key.first) sessions.push_back(key.first);
  }
  return sessions;
}

}  // namespace grant::pkcs11::wrap
