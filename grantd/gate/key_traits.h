// What the token says of a private key, in the terms of the key audit.
#pragma once

#include "grantd/domain/key_audit.h"
#include "grantd/hsm/token.h"

namespace grant {

KeyTraits TraitsOf(const TokenObject& key);

}  // namespace grant
