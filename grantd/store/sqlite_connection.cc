#include "grantd/store/sqlite_connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "grantd/failpoint.h"
#include "grantd/store/gathering_vfs.h"
#include "grantd/store/sqlite_error.h"

namespace grant {
namespace {

using failpoint::Point;

constexpr size_t kStatementsMax = 128;
constexpr int kBusyTimeoutMs = 5000;
// From here on, which is 32 MiB, a commit moves the log into the database. Each commit changes much
// the same pages, and this writes a page once however often it was changed.
constexpr int kLogPagesMax = 8192;
// A log that grows with each commit makes the file system write its own notes with each fdatasync,
// which takes longer than the log's pages. So it grows by 4 MiB of zeros at a time, which say
// nothing to SQLite; but not for the few commits of one that does little.
constexpr int kLogPagesAlone = 64;
constexpr int64_t kLogStepBytes = int64_t{4} << 20;
constexpr int64_t kLogAheadBytes = int64_t{256} << 10;
constexpr int64_t kLogFrameBytes = 24 + 4096;

// temp_store keeps sorts and statement journals out of directories that others can see; the limit
// gives the space of a write-ahead log back that a long reader let grow.
constexpr char kPragmas[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA journal_size_limit = 67108864;";

// Nothing depends on it: where there is no space, the log grows as it can.
void GrowAhead(sqlite3* database, const char* name, int pages) {
  sqlite3_file* log = nullptr;
  sqlite3_int64 bytes = 0;
  if (sqlite3_file_control(database, name, SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
      log == nullptr || log->pMethods == nullptr ||
      log->pMethods->xFileSize(log, &bytes) != SQLITE_OK ||
      pages * kLogFrameBytes + kLogAheadBytes <= bytes) {
    return;
  }
  static constexpr std::array<uint8_t, 65536> kZeros{};
  const sqlite3_int64 end = bytes + kLogStepBytes;
  while (bytes < end && log->pMethods->xWrite(log, kZeros.data(), static_cast<int>(kZeros.size()),
                                              bytes) == SQLITE_OK) {
    bytes += static_cast<sqlite3_int64>(kZeros.size());
  }
  // Whatever is gathered is written with this, and where it cannot be, no commit has to do with it.
  static_cast<void>(log->pMethods->xFileSize(log, &bytes));
}

// Called after each commit with the length of the log. What SQLite does by itself, but at moments
// that have a name. A reader that still needs the log is left alone, and what could not be moved is
// tried again after the next commit.
int Checkpoint(void*, sqlite3* database, const char* name, int pages) {
  if (pages >= kLogPagesAlone && pages < kLogPagesMax) GrowAhead(database, name, pages);
  if (pages < kLogPagesMax) return SQLITE_OK;
  failpoint::Reach(Point::kCheckpointBefore);
  sqlite3_wal_checkpoint_v2(database, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  failpoint::Reach(Point::kCheckpointAfter);
  return SQLITE_OK;
}

// SQLite counts each allocation under one lock for all connections, unless it is told not to before
// its first use in the process; later it refuses, and goes on counting.
void LeaveAllocationsUncounted() {
  [[maybe_unused]] static const int rc = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

// Leaves a statement ready for its next use on every way out, and forgets the values bound to it.
class Reset {
 public:
  explicit Reset(sqlite3_stmt* statement) : statement_(statement) {}
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;
  ~Reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

 private:
  sqlite3_stmt* statement_;
};

Result<sql::Value> ColumnValue(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return sql::Null();
    case SQLITE_INTEGER:
      return sql::Value(int64_t{sqlite3_column_int64(statement, column)});
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      const auto bytes = static_cast<size_t>(sqlite3_column_bytes(statement, column));
      if (text == nullptr) return Fail(Code::kUnavailable, "out of memory");
      return sql::Value(std::string(text, bytes));
    }
    default:
      return Fail(Code::kInternal, fmt::format("column {} holds neither an integer nor a text",
                                               sqlite3_column_name(statement, column)));
  }
}

Result<sql::Row> CurrentRow(sqlite3_stmt* statement) {
  std::vector<sql::Value> values;
  const int columns = sqlite3_column_count(statement);
  values.reserve(static_cast<size_t>(columns));
  for (int column = 0; column < columns; ++column) {
    GRANT_TRY(sql::Value value, ColumnValue(statement, column));
    values.push_back(std::move(value));
  }
  return sql::Row(std::move(values));
}

// The n of "$n", or 0.
size_t ParameterNumber(const char* name) {
  if (name == nullptr || *name != '$') return 0;
  const std::string_view digits(name + 1);
  size_t number = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

// The caller's values outlive the run of the statement, so SQLite need not copy them.
int BindOne(sqlite3_stmt* statement, int parameter, const sql::Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    return sqlite3_bind_int64(statement, parameter, *integer);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, parameter, text->data(), text->size(), nullptr,
                               SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, parameter);
}

}  // namespace

void SqliteConnection::CloseDatabase::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void SqliteConnection::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteConnection::SqliteConnection(std::unique_ptr<sqlite3, CloseDatabase> database,
                                   std::string path)
    : path_(std::move(path)), database_(std::move(database)) {}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path,
                                                                 Mode mode) {
  LeaveAllocationsUncounted();
  const int access = mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(
      path.c_str(), &raw,
      access | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, GatheringVfs());
  std::unique_ptr<sqlite3, CloseDatabase> database(raw);
  if (rc != SQLITE_OK) {
    return tl::make_unexpected(SqliteError(raw, rc, fmt::format("open {}", path), path));
  }
  // SQLite falls back to reading where the file may not be written; better to be told now.
  if (mode == Mode::kReadWrite && sqlite3_db_readonly(raw, "main") == 1) {
    return tl::make_unexpected(
        SqliteError(raw, SQLITE_READONLY, fmt::format("open {}", path), path));
  }
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(std::move(database), path));
  GRANT_CHECK(connection->Configure(mode));
  return connection;
}

Status SqliteConnection::Configure(Mode mode) {
  sqlite3* database = database_.get();
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  const std::pair<int, int> settings[] = {{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                          {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                          {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                                          {SQLITE_DBCONFIG_DEFENSIVE, 1}};
  for (auto [setting, wanted] : settings) {
    int now = -1;
    const int rc = sqlite3_db_config(database, setting, wanted, &now);
    if (rc != SQLITE_OK || now != wanted) {
      return Fail(Code::kInternal, fmt::format("cannot set option {} of the database", setting));
    }
  }
  sqlite3_wal_hook(database, Checkpoint, nullptr);
  GRANT_CHECK(Script(kPragmas));
  return mode == Mode::kReadOnly ? Script("PRAGMA query_only = ON") : Status();
}

Result<std::vector<sql::Row>> SqliteConnection::Query(std::string_view text,
                                                      const std::vector<sql::Value>& values) {
  std::vector<sql::Row> rows;
  GRANT_CHECK(Run(text, values, [&rows](sqlite3_stmt* statement) -> Status {
    GRANT_TRY(sql::Row row, CurrentRow(statement));
    rows.push_back(std::move(row));
    return {};
  }));
  return rows;
}

Result<int64_t> SqliteConnection::Execute(std::string_view text,
                                          const std::vector<sql::Value>& values) {
  GRANT_CHECK(Run(text, values, [](sqlite3_stmt*) { return Status(); }));
  return int64_t{sqlite3_changes64(database_.get())};
}

Status SqliteConnection::Script(std::string_view text) {
  const int rc =
      sqlite3_exec(database_.get(), std::string(text).c_str(), nullptr, nullptr, nullptr);
  if (rc == SQLITE_OK) return {};
  return tl::make_unexpected(Failed(rc, "run a script of statements"));
}

bool SqliteConnection::InTransaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

Error SqliteConnection::Failed(int rc, std::string_view doing) {
  in_doubt_ = in_doubt_ || LeavesDoubt(rc);
  return SqliteError(database_.get(), rc, doing, path_);
}

Status SqliteConnection::Run(std::string_view text, const std::vector<sql::Value>& values,
                             const OnRow& on_row) {
  GRANT_TRY(Statement * statement, Prepared(text));
  sqlite3_stmt* handle = statement->handle.get();
  Reset reset(handle);
  GRANT_CHECK(Bind(*statement, values));
  int rc = sqlite3_step(handle);
  for (; rc == SQLITE_ROW; rc = sqlite3_step(handle)) GRANT_CHECK(on_row(handle));
  if (rc == SQLITE_DONE) return {};
  // To SQLite a COMMIT changes nothing by itself.
  const bool reads = sqlite3_stmt_readonly(handle) != 0 && text != "COMMIT";
  return tl::make_unexpected(Failed(rc, reads ? "read" : "write"));
}

Result<SqliteConnection::Statement*> SqliteConnection::Prepared(std::string_view text) {
  if (auto found = statements_.find(text); found != statements_.end()) return &found->second;
  GRANT_TRY(Statement statement, Prepare(text));
  // The texts in use are far fewer than the bound, so whoever reaches it is not worth an order of
  // eviction.
  if (statements_.size() >= kStatementsMax) statements_.clear();
  return &statements_.emplace(std::string(text), std::move(statement)).first->second;
}

Result<SqliteConnection::Statement> SqliteConnection::Prepare(std::string_view text) {
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int rc = sqlite3_prepare_v3(database_.get(), text.data(), static_cast<int>(text.size()),
                                    SQLITE_PREPARE_PERSISTENT, &raw, &rest);
  Statement statement{std::unique_ptr<sqlite3_stmt, FinalizeStatement>(raw), {}, 0};
  if (rc != SQLITE_OK) {
    return tl::make_unexpected(Failed(rc, "prepare a statement"));
  }
  if (raw == nullptr || rest != text.data() + text.size()) {
    return Fail(Code::kInternal, fmt::format("not one SQL statement: {}", text));
  }
  for (int parameter = 1; parameter <= sqlite3_bind_parameter_count(raw); ++parameter) {
    const size_t number = ParameterNumber(sqlite3_bind_parameter_name(raw, parameter));
    if (number == 0) return Fail(Code::kInternal, fmt::format("not a $n parameter in: {}", text));
    statement.value_of.push_back(number - 1);
    statement.values = std::max(statement.values, number);
  }
  return statement;
}

Status SqliteConnection::Bind(Statement& statement, const std::vector<sql::Value>& values) {
  sqlite3_stmt* handle = statement.handle.get();
  if (values.size() != statement.values) {
    return Fail(Code::kInternal, fmt::format("{} values for {} parameters in: {}", values.size(),
                                             statement.values, sqlite3_sql(handle)));
  }
  int parameter = 0;
  for (size_t value : statement.value_of) {
    if (const int rc = BindOne(handle, ++parameter, values[value]); rc != SQLITE_OK) {
      return tl::make_unexpected(Failed(rc, "bind a value"));
    }
  }
  return {};
}

}  // namespace grant
