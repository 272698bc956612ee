// Running a program as if the user's shell had started it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/grantctl/failure.h"

namespace grant::ctl {

// Runs `command` (its name is looked for in PATH) with `variables` added to the environment, waits
// for its end, and returns its exit code, or 128 and the signal that ended it. Signals that would
// end this process are passed on to the program instead, except those of the terminal, which
// reaches both. A program that cannot be run is a failure with the exit code of a shell: 127 where
// there is none of that name, else 126.
Outcome<int> RunChild(const std::vector<std::string>& command,
                      const std::map<std::string, std::string>& variables);

}  // namespace grant::ctl
