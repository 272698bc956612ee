// An end to guessing PINs: how many wrong ones each user gave of late.
#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "grantd/domain/time.h"

namespace grant {

inline constexpr size_t kWrongSecretsMax = 10;  // within the span, and then the user is locked
inline constexpr Duration kWrongSecretsSpan = std::chrono::minutes(10);
inline constexpr Duration kSecretsLock = std::chrono::minutes(10);
inline constexpr Duration kSecretsLockLongest = std::chrono::hours(24);

struct WrongSecretsLimits {
  size_t wrong_max = kWrongSecretsMax;
  Duration span = kWrongSecretsSpan;
  // The first lock. Each further one is twice as long, up to the longest, unless the user gave no
  // wrong PIN for twice as long as the last one.
  Duration lock = kSecretsLock;
  Duration lock_longest = kSecretsLockLongest;
};
// Users that are remembered. When there are more, those whose last wrong PIN is the longest ago are
// forgotten.
inline constexpr size_t kWrongSecretsUsersMax = 1024;

// Any thread may call these. `now` may stand still, but not go back.
class WrongSecrets {
 public:
  enum class Counted {
    kMore,    // the user may try again
    kLocks,   // this one was the last; LockedUntil() says how long
    kLocked,  // the user was locked already
  };

  explicit WrongSecrets(WrongSecretsLimits limits = {}) : limits_(limits) {}

  Counted Count(uid_t uid, Time now);

  // The first instant at which the user may try again; nothing where that is now.
  std::optional<Time> LockedUntil(uid_t uid, Time now);

 private:
  struct User {
    std::vector<Time> wrong;  // fewer than lock a user, oldest first
    std::optional<Time> locked_until;
    Duration lock = {};  // the last one, unless it was quiet since
    Time last;
  };

  void MakeRoom(Time now);

  const WrongSecretsLimits limits_;

  std::mutex mutex_;
  std::map<uid_t, User> users_;
};

}  // namespace grant
