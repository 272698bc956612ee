// May this signature be made now, and on which grant?
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grant/refusal.h"
#include "grantd/domain/digest.h"
#include "grantd/domain/grant.h"
#include "grantd/domain/principal.h"
#include "grantd/domain/rules.h"

namespace grant {

// The caller gave the secret of one grant.
struct BySecret {
  std::string grant_id;
  Identity holder;  // of that grant, with the groups that the user database knows
};

struct Attempt {
  Identity caller;
  std::string mechanism;        // by name: "SHA256-RSA-PKCS"
  std::vector<Digest> digests;  // every digest of the content that grantd knows
  std::string selected_grant;   // an ID to which the caller restricts the choice, or empty
  // That grant alone may be used then. Its holder has to be a user of the signer, the caller not.
  std::optional<BySecret> by_secret = std::nullopt;
};

struct Unrestricted {};  // the signer has no policy: sign, and record it
struct Candidates {
  std::vector<std::string> grant_ids;  // usable now, the earliest to end first; not empty
};
using Ruling = std::variant<Unrestricted, Candidates, Refusal>;

// `grants` are those of the signer that concern the caller; others may be among them and are then
// named only as somebody else's. The order of `grants` does not matter.
Ruling Decide(const Attempt& attempt, const Signer& signer, const Rules& rules,
              const std::vector<Grant>& grants, Time now);

}  // namespace grant
