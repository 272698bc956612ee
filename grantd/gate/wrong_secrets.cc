#include "grantd/gate/wrong_secrets.h"

#include <algorithm>

namespace grant {

WrongSecrets::Counted WrongSecrets::Count(uid_t uid, Time now) {
  const std::scoped_lock lock(mutex_);
  if (!users_.contains(uid)) MakeRoom(now);
  User& user = users_[uid];
  // A clock that was ahead for a while must not lock the user until it is there again.
  if (user.locked_until) user.locked_until = std::min(*user.locked_until, now + user.lock);
  if (user.locked_until && now < *user.locked_until) return Counted::kLocked;
  if (now > user.last + 2 * user.lock) user.lock = Duration::zero();
  user.locked_until.reset();
  user.last = now;
  std::erase_if(user.wrong, [&](Time at) { return at + limits_.span <= now; });
  user.wrong.push_back(now);
  if (user.wrong.size() < limits_.wrong_max) return Counted::kMore;
  user.wrong.clear();
  user.lock = user.lock == Duration::zero() ? limits_.lock : 2 * user.lock;
  user.lock = std::min(user.lock, limits_.lock_longest);
  user.locked_until = now + user.lock;
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
  std::erase_if(users_, [&](const auto& entry) {
    const User& user = entry.second;
    return user.last + std::max(limits_.span, 2 * std::max(user.lock, limits_.lock)) <= now;
  });
  if (users_.size() < kWrongSecretsUsersMax) return;
  users_.erase(std::min_element(users_.begin(), users_.end(), [](const auto& a, const auto& b) {
    return a.second.last < b.second.last;
  }));
}

}  // namespace grant
