#include "grantd/gate/refusal_limit.h"

#include <algorithm>
#include <utility>

namespace grant {
namespace {

// More users than that with refusals at one time: the ones of whom the least is remembered make
// room.
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
  const Time begin = std::max(user.forgotten_at, now);
  if (begin - now > (kRefusalsAtOnce - 1) * kRefusalInterval) {
    ++user.omitted;
    return std::nullopt;
  }
  user.forgotten_at = begin + kRefusalInterval;
  return std::exchange(user.omitted, 0);
}

size_t RefusalLimit::users() const {
  const std::scoped_lock lock(mutex_);
  return users_.size();
}

}  // namespace grant
