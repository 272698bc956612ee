// How much of a digest a key signs.
#pragma once

#include <cstddef>

#include "grantd/hsm/token.h"

namespace grant {

// The bits of the order of the group of an elliptic curve key (SEC 1, section 4.1.3: ECDSA signs as
// many of a digest, from its beginning). 0 for keys of other kinds, and for curves that OpenSSL
// does not know.
size_t GroupOrderBits(const TokenObject& key);

}  // namespace grant
