// What somebody may see of requests and grants who does not see everything.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "grantd/domain/principal.h"
#include "grantd/domain/rules.h"

namespace grant {

// A policy as it was when something was filed under it; its number never changes.
struct FiledPolicy {
  int64_t number = 0;
  Policy policy;
};

// What a principal asked for or holds, and all that was filed under certain policies. Where the
// number of the principal's user is known, what another user of the same name has is left out.
struct Sight {
  Principal person;
  std::optional<uint32_t> uid;
  std::vector<int64_t> policies;  // by their numbers
};

}  // namespace grant
