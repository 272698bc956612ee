#include "grantd/gate/refusal_limit.h"

#include <algorithm>
#include <utility>

namespace grant {
namespace {

// From this many users on, those of whom nothing is left to remember are forgotten.
constexpr size_t kUsersSwept = 1024;

}  // namespace

std::optional<uint64_t> RefusalLimit::Admit(uid_t uid, Time now) {
  const std::scoped_lock lock(mutex_);
  if (users_.size() >= kUsersSwept && !users_.contains(uid)) {
    std::erase_if(users_, [now](const auto& entry) {
      return entry.second.forgotten_at <= now && entry.second.omitted == 0;
    });
  }
  User& user = users_[uid];
  // A clock that was ahead for a while must not silence the user until it is there again.
  user.forgotten_at = std::min(user.forgotten_at, now + kRefusalsAtOnce * kRefusalInterval);
  const Time begin = std::max(user.forgotten_at, now);
  if (begin - now > (kRefusalsAtOnce - 1) * kRefusalInterval) {
    ++user.omitted;
    return std::nullopt;
  }
  user.forgotten_at = begin + kRefusalInterval;
  return std::exchange(user.omitted, 0);
}

bool RefusalLimit::IsUsedUp(uid_t uid, Time now) const {
  const std::scoped_lock lock(mutex_);
  const auto user = users_.find(uid);
  if (user == users_.end()) return false;
  const Duration ahead = user->second.forgotten_at - now;
  return ahead > (kRefusalsAtOnce - 1) * kRefusalInterval &&
         ahead <= kRefusalsAtOnce * kRefusalInterval;
}

size_t RefusalLimit::users() const {
  const std::scoped_lock lock(mutex_);
  return users_.size();
}

}  // namespace grant
