// The file grantd.db: found to be grantd's before SQLite touches it, or made.
#pragma once

#include <string>

#include "grant/error.h"
#include "grantd/store/state_dir.h"

namespace grant {

// Returns the path of the database in `directory`. A missing one is made as a whole or not at all.
// Errors: kInvalid (the file is not a grantd database, is a link, or is open to others; it was not
// touched), kUnavailable.
Result<std::string> EnsureDatabase(const StateDir& directory);

}  // namespace grant
