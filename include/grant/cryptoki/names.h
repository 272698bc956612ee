// Names of PKCS#11 numbers, both ways.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "grant/cryptoki/cryptoki.h"

namespace grant::cryptoki {

// "CKR_PIN_INCORRECT"; "CKR_0x80000001" where there is no name for it.
std::string ReturnValueName(CK_RV rv);

// "SHA256-RSA-PKCS" for CKM_SHA256_RSA_PKCS: the name without its prefix, with dashes. That is how
// rules, audit and messages name mechanisms. "0x80000001" where there is no name for it.
std::string MechanismName(CK_MECHANISM_TYPE type);

// The inverse, for each of SigningMechanisms(); nothing for any other text.
std::optional<CK_MECHANISM_TYPE> MechanismByName(std::string_view name);

}  // namespace grant::cryptoki
