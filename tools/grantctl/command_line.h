// The command line of grantctl.
#pragma once

#include <string>
#include <vector>

#include "tools/grantctl/output.h"

namespace grant::ctl {

// Runs grantctl with `arguments` (without the program's name) and returns its exit code. Results go
// to `around.out`, all else to `around.err`.
int RunGrantctl(const std::vector<std::string>& arguments, Surroundings& around);

}  // namespace grant::ctl
