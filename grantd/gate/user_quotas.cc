#include "grantd/gate/user_quotas.h"

namespace grant {

bool UserQuotas::Share::BeginOperation() {
  EndOperation();
  const std::lock_guard lock(quotas_.mutex_);
  const auto use = quotas_.uses_.try_emplace(uid_).first;
  if (use->second.operations >= quotas_.limits_.operations_max) return false;
  ++use->second.operations;
  running_ = true;
  return true;
}

bool UserQuotas::Share::Keep(size_t bytes) {
  if (!running_ || bytes == bytes_) return true;
  const std::lock_guard lock(quotas_.mutex_);
  Use& use = quotas_.uses_[uid_];
  use.bytes += bytes - bytes_;
  bytes_ = bytes;
  return use.bytes <= quotas_.limits_.kept_bytes_max;
}

void UserQuotas::Share::EndOperation() {
  if (!running_) return;
  const std::lock_guard lock(quotas_.mutex_);
  const auto use = quotas_.uses_.find(uid_);
  use->second.bytes -= bytes_;
  if (--use->second.operations == 0) quotas_.uses_.erase(use);
  running_ = false;
  bytes_ = 0;
}

}  // namespace grant
