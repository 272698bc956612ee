// The tables and their history.
#pragma once

#include <cstdint>
#include <string>

#include "grant/error.h"
#include "grantd/store/sql.h"

namespace grant {

// The version that this grantd reads and writes.
int64_t SchemaVersion();

struct StoredSchema {
  int64_t version = 0;
  std::string grantd_version;  // that brought it there; empty where that one did not say
};

// Of a database that has been migrated once. kInvalid where it says nonsense.
Result<StoredSchema> ReadStoredSchema(sql::Connection& connection);

// Brings an empty database, or one of an earlier version, to SchemaVersion(). A later version is
// kInvalid and stays untouched. `target` makes the database of an earlier grantd.
Status MigrateSchema(sql::Connection& connection, int64_t target = SchemaVersion());

// kInvalid where the schema's version is not one that this grantd knows. Changes nothing.
Status CheckSchemaIsKnown(sql::Connection& connection);

}  // namespace grant
