// The file grantd.db: found to be grantd's before SQLite touches it, or made.
#pragma once

#include <cstdint>
#include <string>

#include "grant/error.h"
#include "grantd/store/state_dir.h"

namespace grant {

// "grnt", in the header where SQLite keeps whose file it is (SQLite file format, section 1.3).
inline constexpr uint32_t kApplicationId = 0x67726e74;

inline constexpr char kDatabaseName[] = "grantd.db";

// Returns the path of the database in `directory`. A missing one is made as a whole or not at all.
// Errors: kInvalid (the file is not a grantd database, is a link, or is open to others; it was not
// touched), kUnavailable.
Result<std::string> EnsureDatabase(const StateDir& directory);

}  // namespace grant
