// Slots of a backing module: finding the one that holds a token, and describing it.
#pragma once

#include <string>

#include "grant/cryptoki/cryptoki.h"
#include "grant/error.h"
#include "grant/gate/protocol.h"
#include "grantd/hsm/token.h"

namespace grant {

// The slot of the one token that `selector` describes. Errors: kNotFound, with the labels of the
// tokens that there are; kInvalid where it describes several; kUnavailable where the module fails.
Result<CK_SLOT_ID> FindSlot(CK_FUNCTION_LIST* functions, const KeySelector& selector,
                            const TokenSettings& settings);

// Fills in what the module says about the slot, its token and the mechanisms that grantd serves.
// `record` is unchanged on error, which is the module's own CK_RV.
tl::expected<void, CK_RV> DescribeSlot(CK_FUNCTION_LIST* functions, CK_SLOT_ID slot,
                                       gate::TokenRecord& record);

}  // namespace grant
