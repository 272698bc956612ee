// Putting a backup in the place of the database, while grantd does not run.
#pragma once

#include <optional>
#include <string>

#include "grant/error.h"
#include "grantd/descriptor.h"
#include "grantd/domain/principal.h"
#include "grantd/domain/time.h"
#include "grantd/guard/mark.h"

namespace grant {

inline constexpr size_t kRestoreReasonBytesMax = 4096;

struct RestoreOrder {
  std::string state_dir;
  std::string mark_file;
  Descriptor source;        // the backup, open for reading
  std::string source_name;  // as the administrator named it
  Principal by;
  std::string reason;
  Time at;
};

struct Restored {
  AuditHead backup;          // where the backup's audit ends
  std::optional<Mark> mark;  // how far grantd had come; nothing where that is lost
  std::string replaced;      // the directory that holds what was there; empty: nothing was
};

// Copies the backup, examines all of it, brings its schema up to date, records in its audit that it
// was restored, and puts it in place at once and as a whole; a crash leaves the old database or the
// new one. What was there is kept beside it. The mark is left as it is.
//
// The entry is an alarm of its own (guard/guard.h): nothing is signed with the restored database
// until an administrator acknowledges that, and by that ends every grant and request that it knows
// as unended. Errors: kInvalid (the backup is damaged or none), kUnavailable (grantd runs, or the
// disk fails).
Result<Restored> Restore(const RestoreOrder& order);

}  // namespace grant
