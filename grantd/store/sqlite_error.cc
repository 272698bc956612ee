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

std::string SystemReason(sqlite3* database) {
  const int number = database == nullptr ? 0 : sqlite3_system_errno(database);
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

Error SqliteError(sqlite3* database, int rc, std::string_view doing, const std::string& path) {
  Explanation explanation = Explain(database, rc, path);
  return Error{explanation.code, fmt::format("cannot {}: {}", doing, explanation.what),
               std::move(explanation.hint)};
}

}  // namespace grant
