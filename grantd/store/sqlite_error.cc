#include "grantd/store/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <system_error>

namespace grant {
namespace {

struct Explanation {
  Code code;
  std::string what;
  std::string hint;
};

// SQLite keeps the number with the file that failed: for a commit that is the write-ahead log.
int LastSystemError(sqlite3* database) {
  if (const int number = sqlite3_system_errno(database); number != 0) return number;
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    if (sqlite3_file_control(database, "main", which, static_cast<void*>(&file)) != SQLITE_OK ||
        file == nullptr || file->pMethods == nullptr) {
      continue;
    }
    int number = 0;
    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number);
    if (number != 0) return number;
  }
  return 0;
}

std::string SystemReason(sqlite3* database) {
  const int number = database == nullptr ? 0 : LastSystemError(database);
  return number == 0 ? "no reason given" : std::generic_category().message(number);
}

Explanation ExplainConstraint(sqlite3* database, int rc) {
  switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {Code::kConflict, sqlite3_errmsg(database), ""};
    default:
      return {Code::kInternal, sqlite3_errmsg(database), ""};
  }
}

Explanation Explain(sqlite3* database, int rc, const std::string& path) {
  switch (rc & 0xff) {
    case SQLITE_FULL:
      return {Code::kUnavailable, "no space is left for the database",
              fmt::format("free space on the file system of {}", path)};
    case SQLITE_READONLY:
      return {Code::kUnavailable, "the database is read-only",
              fmt::format("let the user that runs grantd write to state_dir and to {}", path)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Code::kUnavailable, "the database is damaged",
              fmt::format("stop grantd and restore {} from a backup; sqlite3 {} 'PRAGMA "
                          "integrity_check' shows the damage",
                          path, path)};
    case SQLITE_IOERR:
      return {Code::kUnavailable,
              fmt::format("input/output error {} ({})", rc >> 8, SystemReason(database)),
              fmt::format("check the disk that holds {} and its free space", path)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::kUnavailable, "another program holds the database locked",
              fmt::format("end the other program: fuser {} names it", path)};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {Code::kUnavailable,
              fmt::format("the file cannot be opened ({})", SystemReason(database)),
              "let the user that runs grantd read and write state_dir"};
    case SQLITE_NOMEM:
      return {Code::kUnavailable, "out of memory", ""};
    case SQLITE_CONSTRAINT:
      return ExplainConstraint(database, rc);
    default:
      return {Code::kInternal,
              fmt::format("{} ({})", database == nullptr ? "" : sqlite3_errmsg(database),
                          sqlite3_errstr(rc)),
              ""};
  }
}

}  // namespace

// After a failed fdatasync the kernel may have forgotten what it could not write, and the next one
// succeeds. A write that fails does no harm: nothing of it was promised.
bool LeavesDoubt(int rc) {
  switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return true;
    case SQLITE_IOERR:
      return rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC || rc == SQLITE_IOERR_READ ||
             rc == SQLITE_IOERR_SHORT_READ || rc == SQLITE_IOERR_CORRUPTFS ||
             rc == SQLITE_IOERR_DATA;
    default:
      return false;
  }
}

Error SqliteError(sqlite3* database, int rc, std::string_view doing, const std::string& path) {
  Explanation explanation = Explain(database, rc, path);
  return Error{explanation.code, fmt::format("cannot {}: {}", doing, explanation.what),
               std::move(explanation.hint)};
}

}  // namespace grant
