// Whether the module that tools load is there, loads, and answers.
#pragma once

#include <optional>
#include <string>

#include "tools/grantctl/doctor_checks.h"

namespace grant::ctl {

// The path in p11-kit's registration of grant-pkcs11, if there is one.
std::optional<std::string> RegisteredModule();

// Loads the module in a process of its own, with the environment as it is, and calls C_Initialize,
// C_GetInfo, C_GetSlotList and C_Finalize. The child is ended after ten seconds.
Finding CheckModule(const std::string& path);

// What to say where none is registered and none was named.
Finding NoModule();

}  // namespace grant::ctl
