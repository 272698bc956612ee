// The seal: while it is on, nothing is signed.
#pragma once

#include <string>

#include "grantd/domain/principal.h"
#include "grantd/domain/time.h"

namespace grant {

inline constexpr char kSealedHint[] = "an administrator lifts the seal: grantctl unseal";

// Who sealed grantd, when and why.
struct SealRecord {
  Principal by;
  Time at;
  std::string reason;
};

}  // namespace grant
