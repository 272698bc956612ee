// Digests of files, for grants that are bound to content.
#pragma once

#include <string>

#include "tools/grantctl/failure.h"

namespace grant::ctl {

// "sha256:<hex>" of what the file holds. The file is read in pieces: any size will do.
Outcome<std::string> Sha256OfFile(const std::string& path);

}  // namespace grant::ctl
