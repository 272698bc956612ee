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
#include "grantd/domain/time_zone.h"

namespace grant {

// The caller gave the secret of one grant.
struct BySecret {
  std::string grant_id;
  Identity holder;  // of that grant, with the groups that the user database knows
};

struct Attempt {
  Identity caller;
  std::string mechanism;        // by name: "SHA256-RSA-PKCS"
  std::vector<Digest> digests;  // by which a grant may name the content; the signature's own first
  std::string selected_grant;   // an ID to which the caller restricts the choice, or empty
  // That grant alone may be used then. Its holder has to be a user of the signer, the caller not.
  std::optional<BySecret> by_secret = std::nullopt;
  // The path of the caller's executable as grantd saw it when the caller connected; a hint against
  // mistakes, for the caller may have become another program since. Empty where it cannot be seen.
  std::string program = {};
};

// What a ruling depends on beside rules and grants.
struct Site {
  std::vector<Principal> auditors;  // they sign nothing, whatever the rules say
  ZoneOf zone_of;                   // for the hours of policies; a zone it does not know is closed
};

struct Unrestricted {};  // the signer has no policy: sign, and record it
struct Candidates {
  std::vector<std::string> grant_ids;  // usable now, the earliest to end first; not empty
  // For each of them, by which digest it names the content; empty where it is for any.
  std::vector<std::string> digests;
};
using Ruling = std::variant<Unrestricted, Candidates, Refusal>;

// `grants` are those of the signer that concern the caller; others may be among them and are then
// named only as somebody else's. The order of `grants` does not matter. The hours are those of the
// signer's policy in force, not of the one that a grant was issued under.
Ruling Decide(const Attempt& attempt, const Signer& signer, const Rules& rules,
              const std::vector<Grant>& grants, Time now, const Site& site);

}  // namespace grant
