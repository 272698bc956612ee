// What each user has begun at the gate and not ended, and how much of their data is kept for it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <mutex>

namespace grant {

struct QuotaLimits {
  size_t operations_max = 256;
  size_t kept_bytes_max = size_t{64} * 1024 * 1024;
};

// Any thread may call these.
class UserQuotas {
 public:
  explicit UserQuotas(QuotaLimits limits = {}) : limits_(limits) {}
  UserQuotas(const UserQuotas&) = delete;
  UserQuotas& operator=(const UserQuotas&) = delete;

  // The share of one conversation, given back when it ends.
  class Share {
   public:
    Share(UserQuotas& quotas, uid_t uid) : quotas_(quotas), uid_(uid) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { EndOperation(); }

    // False where the user has too many already.
    bool BeginOperation();
    // So much of the operation's data is kept now. False where that is too much for the user;
    // it is counted all the same.
    bool Keep(size_t bytes);
    void EndOperation();

   private:
    UserQuotas& quotas_;
    const uid_t uid_;
    bool running_ = false;
    size_t bytes_ = 0;
  };

  const QuotaLimits& limits() const { return limits_; }

 private:
  struct Use {
    size_t operations = 0;
    size_t bytes = 0;
  };

  const QuotaLimits limits_;
  std::mutex mutex_;
  std::map<uid_t, Use> uses_;  // only of those who have something
};

}  // namespace grant
