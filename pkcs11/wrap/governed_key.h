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

struct IdentifiedKey {
  std::optional<GovernedKey> governed;  // nothing where no signer governs it, or it is not private
  // What the backing module is to be given as the key: the caller's handle, or CK_INVALID_HANDLE
  // where it said that it knows no such object or session. It will say so again, in the words and
  // the order that are its own; it must not find the key after all.
  CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
};

// Reads what the key is, in the caller's session, and asks grantd. Errors: the backing module's own
// where the key cannot be read, and as GateClient has them. Nobody may use a private key of which
// grantd could not be asked.
Result<IdentifiedKey> IdentifyKey(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key);
// The same to begin a signature, which grantd decides in any case: for half a second the handle of
// a governed key is taken for what it was, where nothing was called meanwhile that may give it
// another meaning.
Result<IdentifiedKey> IdentifySigningKey(Wrap& wrap, CK_SESSION_HANDLE session,
                                         CK_OBJECT_HANDLE key);

}  // namespace grant::pkcs11::wrap
