// Whether grantd may hash for the token.
#pragma once

#include "grant/gate/protocol.h"
#include "grantd/hsm/token.h"

namespace grant {

// Whether the key, by its own allow-list, and the token do the part that is left once the data are
// hashed here: see Content::Begin. `use` is CKF_SIGN or CKF_VERIFY.
bool MayHashHere(const TokenObject& key, const gate::TokenRecord& token, uint64_t use);

}  // namespace grant
