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
  if (slot_->is_forgotten || !slot_->operation) operations_.slots_.erase(key_);
}

void Operations::Forget(CK_SESSION_HANDLE session) {
  std::vector<std::shared_ptr<Slot>> forgotten;  // destroyed after the lock
  std::lock_guard lock(mutex_);
  for (const Kind kind : {Kind::kSign, Kind::kSignRecover, Kind::kMessageSign}) {
    const auto found = slots_.find({session, kind});
    if (found == slots_.end()) continue;
    found->second->is_forgotten = true;
    if (found->second->is_taken) continue;
    forgotten.push_back(std::move(found->second));
    slots_.erase(found);
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
