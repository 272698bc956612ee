// The tables and their history.
#pragma once

#include <cstdint>

#include "grant/error.h"
#include "grantd/store/sql.h"

namespace grant {

// The version that this grantd reads and writes.
int64_t SchemaVersion();

// Brings an empty database, or one of an earlier version, to SchemaVersion(). A later version is
// kInvalid and stays untouched. `target` makes the database of an earlier grantd.
Status MigrateSchema(sql::Connection& connection, int64_t target = SchemaVersion());

}  // namespace grant
