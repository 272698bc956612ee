// The one place that knows which CK_RV a refusal or a failure of grantd becomes.
#pragma once

#include <string>

#include "grant/gate/protocol.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

CK_RV RefusalRv(Cause cause, CK_RV token_rv);

Error FromRefused(gate::Refused refused);

// A connection that could not be made, or broke. Such an error is CKR_DEVICE_REMOVED; calls about
// slots turn it into a slot without token.
Error FromUnreachable(const grant::Error& error, const std::string& gate);

// An answer that is malformed, too large or late.
Error FromBadAnswer(const grant::Error& error, const std::string& gate);

}  // namespace grant::pkcs11
