// A grant: the right of one holder to a number of signatures within a window.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/digest.h"
#include "grantd/domain/principal.h"
#include "grantd/domain/scope.h"
#include "grantd/domain/time.h"

namespace grant {

enum class GrantStatus { kPending, kActive, kExhausted, kExpired, kRevoked, kReleased };
const char* Name(GrantStatus status);  // "active"
std::optional<GrantStatus> GrantStatusByName(std::string_view name);

struct Revocation {
  Principal by;
  Time at;
  std::string reason;
  bool released = false;  // by the holder, who needed no more of it
  bool operator==(const Revocation&) const = default;
};

struct Grant {
  std::string id;
  std::string request_id;
  std::string signer;
  Principal holder;
  Time not_before;  // the first instant at which it may be used
  Time not_after;   // the first instant at which it may not
  uint32_t max_signings = 0;
  uint32_t used = 0;            // never more than max_signings
  std::vector<Digest> digests;  // empty: any content
  std::vector<Scope> scopes;    // what is to be observed of whoever uses it
  std::optional<Revocation> revocation;
  std::optional<std::string> secret_hash;  // where it was issued with a grant secret
  std::optional<uint32_t> holder_uid = std::nullopt;
  bool operator==(const Grant&) const = default;
};

GrantStatus StatusOf(const Grant& grant, Time now);

// Whether the grant was issued to this caller.
bool IsHolder(const Grant& grant, const Identity& caller);

// The grant after one more use, or why it cannot be used now. The store's conditional update says
// the same in SQL.
Result<Grant> Spend(Grant grant, Time now);
// The grant after a use was given back: only after grantd itself saw the token refuse.
Grant GiveBack(Grant grant);

inline constexpr size_t kRevokeReasonBytesMax = 4096;
Result<Grant> Revoke(Grant grant, const Principal& by, std::string reason, Time now);
// The rest of a grant given up by its holder. `reason` may be empty. kForbidden for anybody else,
// kConflict where nothing of it is left.
Result<Grant> Release(Grant grant, const Identity& by, std::string reason, Time now);

}  // namespace grant
