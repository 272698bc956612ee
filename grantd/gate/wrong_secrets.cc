#include "grantd/gate/wrong_secrets.h"

#include <algorithm>

namespace grant {

WrongSecrets::Counted WrongSecrets::Count(uid_t uid, Time now) {
  const std::scoped_lock lock(mutex_);
  if (!users_.contains(uid)) MakeRoom(now);
  User& user = users_[uid];
  // A clock that was ahead for a while must not lock the user until it is there again.
  if (user.locked_until) user.locked_until = std::min(*user.locked_until, now + kSecretsLock);
  if (user.locked_until && now < *user.locked_until) return Counted::kLocked;
  user.locked_until.reset();
  user.last = now;
  std::erase_if(user.wrong, [now](Time at) { return at + kWrongSecretsSpan <= now; });
  user.wrong.push_back(now);
  if (user.wrong.size() < kWrongSecretsMax) return Counted::kMore;
  user.wrong.clear();
  user.locked_until = now + kSecretsLock;
  return Counted::kLocks;
}

std::optional<Time> WrongSecrets::LockedUntil(uid_t uid, Time now) {
  const std::scoped_lock lock(mutex_);
  const auto user = users_.find(uid);
  if (user == users_.end() || !user->second.locked_until) return std::nullopt;
  if (now >= *user->second.locked_until) return std::nullopt;
  return user->second.locked_until;
}

void WrongSecrets::MakeRoom(Time now) {
  if (users_.size() < kWrongSecretsUsersMax) return;
  const Time forgotten = now - std::max(kWrongSecretsSpan, kSecretsLock);
  std::erase_if(users_, [forgotten](const auto& entry) { return entry.second.last <= forgotten; });
  if (users_.size() < kWrongSecretsUsersMax) return;
  users_.erase(std::min_element(users_.begin(), users_.end(), [](const auto& a, const auto& b) {
    return a.second.last < b.second.last;
  }));
}

}  // namespace grant
