// How many refusals one user may have written into the audit: enough for any honest tool, too few
// to fill the disk, without whose space nobody could sign.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "grantd/domain/time.h"

namespace grant {

inline constexpr int64_t kRefusalsAtOnce = 200;  // what a user may have recorded at once
inline constexpr Duration kRefusalInterval = Duration(2000);  // and then one in each of these

// Any thread may use it.
class RefusalLimit {
 public:
  // Whether this refusal of the user's is recorded: the number of those since the last recorded one
  // that were not, for the entry to name; or nothing, where this is not recorded either.
  std::optional<uint64_t> Admit(uid_t uid, Time now);

  // Whether Admit() would say no.
  bool IsUsedUp(uid_t uid, Time now) const;

  size_t users() const;

 private:
  // A user's record of the last refusals, as the instant at which all of them will be forgotten.
  struct User {
    Time forgotten_at;
    uint64_t omitted = 0;
  };

  mutable std::mutex mutex_;
  std::map<uid_t, User> users_;  // only those of whom there is something to remember
};

}  // namespace grant
