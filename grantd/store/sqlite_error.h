// SQLite's result codes as errors for people.
#pragma once

#include <string>
#include <string_view>

#include "grant/error.h"

struct sqlite3;

namespace grant {

// Whether `rc` leaves it open what of the database, or of what was committed to it, is still on the
// disk.
bool LeavesDoubt(int rc);

// The error for the result `rc` of the last call on `database`, which holds the file `path`.
// `doing` completes "cannot ...". `database` may be null when it could not even be allocated.
Error SqliteError(sqlite3* database, int rc, std::string_view doing, const std::string& path);

}  // namespace grant
