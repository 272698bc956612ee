// Whether a key in the caller's hands is a private key that a signer governs.
#pragma once

#include <optional>
#include <string>

#include "grant/gate/protocol.h"
#include "pkcs11/error.h"

namespace grant::pkcs11::wrap {

class Wrap;

struct GovernedKey {
  gate::SignerRecord signer;
  std::string token;  // grantd's name and number for them
  uint64_t id = 0;
  std::string label;  // as the caller sees it
};

// Reads what the key is, in the caller's session, and asks grantd. Nothing where no signer governs
// it, where it is no private key, and where the backing module knows no such object or session:
// that is then its own to say. Errors: the backing module's own where the key cannot be read, and
// as GateClient has them. Nobody may use a private key of which grantd could not be asked.
Result<std::optional<GovernedKey>> FindGovernedKey(Wrap& wrap, CK_SESSION_HANDLE session,
                                                   CK_OBJECT_HANDLE key);

}  // namespace grant::pkcs11::wrap
