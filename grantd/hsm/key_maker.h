// Making a key pair on a token, for signing and nothing else.
#pragma once

#include "grant/cryptoki/cryptoki.h"
#include "grantd/hsm/pin_desk.h"
#include "grantd/hsm/token.h"

namespace grant {

// `session` is a read-write session of a logged-in user. The private key is PRIVATE, SENSITIVE,
// signs and has no other use, and is not EXTRACTABLE; a token that does not take this makes no key.
// Where it takes them, the key is not MODIFIABLE, COPYABLE or DESTROYABLE either, and
// CKA_ALLOWED_MECHANISMS lists how its type signs: whatever of these had to be left out is named in
// the answer. Of an object that has the label already nothing is made.
SessionResult<MadeKey> MakeKey(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                               const KeyToMake& wanted);

}  // namespace grant
