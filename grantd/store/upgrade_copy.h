// The database as it was before its schema changed: kept beside it, so that there is a way back.
#pragma once

#include "grant/error.h"
#include "grantd/store/sql.h"
#include "grantd/store/state_dir.h"

namespace grant {

// The copies of so many versions of the schema stay, the latest of each.
inline constexpr size_t kUpgradeCopiesMax = 3;

// To be called before MigrateSchema(), outside of a transaction. Where the database, whose
// connection this is, has an earlier schema, puts a whole copy beside it,
// "grantd.db.v4-20261122T081500Z" for one of version 4: mode 0600, on the disk, and never half a
// copy under that name. Then removes the copies that are too many. Errors: kInvalid (a later
// schema; the hint names the grantd that knows it, and the copy to go back to, if there is one),
// kUnavailable (no room, say). After an error the database is as it was.
Status KeepCopyBeforeUpgrade(const StateDir& directory, sql::Connection& connection);

}  // namespace grant
