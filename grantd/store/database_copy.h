// Whole copies of a database: made while it is in use, and examined before they take its place.
#pragma once

#include <functional>
#include <string>

#include "grant/error.h"
#include "grantd/store/tables.h"

namespace grant {

// Of a database that was examined.
struct CopyReport {
  AuditHead head;
  int64_t bytes = 0;
};

// Copies the database `from` as the last commit left it into `to`, which must not exist, as one
// file (0600) that is on the disk. The writer and the readers of `from` go on: the copy holds one
// snapshot, so that meanwhile only the write-ahead log grows. `keep_on` is asked after every few
// megabytes; its error ends the copy. Then the copy is examined. Where this fails, no file is left.
Result<CopyReport> CopyDatabase(const std::string& from, const std::string& to,
                                const std::function<Status()>& keep_on);

// Whether the file is a database of grantd, of a schema that this grantd knows, with whole pages, a
// whole audit chain, and counts that agree with it. Reads all of it. kInvalid where it is not.
Result<CopyReport> ExamineDatabase(const std::string& path);

// "9f86d0...": the lower-case hex SHA-256 of a file's content.
Result<std::string> FileHash(const std::string& path);

}  // namespace grant
