// Reading the objects of a token.
#pragma once

#include <vector>

#include "grant/cryptoki/cryptoki.h"
#include "grantd/hsm/session_pool.h"
#include "grantd/hsm/token.h"

namespace grant {

inline constexpr size_t kObjectsMax = 4096;
inline constexpr size_t kAttributeBytesMax = size_t{64} * 1024;

struct ReadObject {
  CK_OBJECT_HANDLE handle = 0;
  uint64_t object_class = 0;
  std::vector<gate::AttributeRecord> attributes;
};

// The private keys, public keys, certificates and data objects that are not private, each with the
// attributes that the standard gives its class and key type, as far as the token has them. Private
// values are never asked for: they are listed as sensitive, without a value. Attributes of more
// than kAttributeBytesMax are left out. Fails where there are more than kObjectsMax objects
// (kTooLarge), and where the session turns out not to be logged in, since private keys are hidden
// then.
SessionResult<std::vector<ReadObject>> ReadObjects(CK_FUNCTION_LIST* functions,
                                                   CK_SESSION_HANDLE session);

}  // namespace grant
