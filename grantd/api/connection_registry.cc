#include "grantd/api/connection_registry.h"

#include <utility>

namespace grant::api {

bool ConnectionRegistry::Admit(const std::shared_ptr<OpenConnection>& connection, uid_t uid) {
  std::lock_guard lock(mutex_);
  auto user = by_user_.find(uid);
  size_t count = user == by_user_.end() ? 0 : user->second;
  if (members_.size() >= connections_max_ || count >= connections_per_user_max_) return false;
  members_.emplace(connection.get(), Member{connection, uid});
  by_user_[uid] = count + 1;
  return true;
}

void ConnectionRegistry::Leave(const OpenConnection* connection) {
  std::lock_guard lock(mutex_);
  auto member = members_.find(connection);
  if (member == members_.end()) return;
  auto user = by_user_.find(member->second.uid);
  if (--user->second == 0) by_user_.erase(user);
  members_.erase(member);
  if (members_.empty()) empty_.notify_all();
}

void ConnectionRegistry::CloseThoseWaiting() {
  // Whoever is the last to hold a connection destroys it, and it then leaves: not under the lock.
  std::vector<std::shared_ptr<OpenConnection>> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, member] : members_) {
      if (auto connection = member.connection.lock()) all.push_back(std::move(connection));
    }
  }
  for (const auto& connection : all) connection->CloseIfWaiting();
}

void ConnectionRegistry::WaitUntilEmpty(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  empty_.wait_for(lock, limit, [this] { return members_.empty(); });
}

}  // namespace grant::api
