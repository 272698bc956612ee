#include "grantd/store/commit_guard.h"

#include <utility>

#include "grantd/store/sqlite_connection.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

// Checking a database reads all of it.
constexpr std::chrono::seconds kRetryInterval{1};
// Transactions that follow each other faster have no time for a full look.
constexpr std::chrono::milliseconds kPause{20};

// The text of the first value of the first row.
std::string FirstText(const std::vector<sql::Row>& rows) {
  return rows.empty() ? "" : rows[0].maybe_text(0).value_or("");
}

Status CheckPages(sql::Connection& connection) {
  GRANT_TRY(const auto rows, connection.Query("PRAGMA quick_check(1)", {}));
  if (FirstText(rows) == "ok") return {};
  return Fail(Code::kUnavailable, "the database is damaged: " + FirstText(rows),
              "stop grantd, and then: grantctl restore FILE --reason TEXT");
}

// Writes all that the log holds into the database, and waits for the disk. So whatever a failed
// fdatasync of the log may have lost is on the disk by another way, or this fails as well.
Status EmptyLog(sql::Connection& connection) {
  GRANT_TRY(const auto rows, connection.Query("PRAGMA wal_checkpoint(TRUNCATE)", {}));
  if (!rows.empty() && rows[0].maybe_integer(0) == 0) return {};
  return Fail(Code::kUnavailable, "the write-ahead log is in use", "try again in a moment");
}

}  // namespace

CommitGuard::CommitGuard(std::string path, Committed committed)
    : path_(std::move(path)), committed_(std::move(committed)), watch_(path_) {}

void CommitGuard::Note(DatabaseWatch::Depth depth) {
  watch_.Note(depth);
  noted_at_ = std::chrono::steady_clock::now();
  at_rest_ = depth == DatabaseWatch::Depth::kFull;
}

Status CommitGuard::BeforeCommit(sql::Connection& connection) {
  GRANT_TRY(pending_, Tables(connection).LastAudit());
  return {};
}

Status CommitGuard::Before() {
  hurried_ = std::chrono::steady_clock::now() - noted_at_ < kPause;
  return watch_.Check();
}

void CommitGuard::After(bool committed) {
  // Failed ones, too: they may have written to the log.
  const bool resting = resting_.exchange(false);
  Note(hurried_ && !resting ? DatabaseWatch::Depth::kQuick : DatabaseWatch::Depth::kFull);
  if (!committed) return;
  head_ = pending_;
  if (committed_) committed_(*head_);
}

Result<std::unique_ptr<sql::Connection>> CommitGuard::Reconnect() {
  const auto now = std::chrono::steady_clock::now();
  if (failure_ && now < retry_at_) return tl::make_unexpected(*failure_);
  auto connection = TryReconnect();
  // The attempt itself moved the log into the database.
  Note(DatabaseWatch::Depth::kFull);
  failure_.reset();
  if (!connection) failure_ = connection.error();
  retry_at_ = now + kRetryInterval;
  return connection;
}

Result<std::unique_ptr<sql::Connection>> CommitGuard::TryReconnect() {
  GRANT_TRY(std::unique_ptr<sql::Connection> connection,
            SqliteConnection::Open(path_, SqliteConnection::Mode::kReadWrite));
  GRANT_CHECK(CheckPages(*connection));
  GRANT_CHECK(EmptyLog(*connection));
  GRANT_TRY(const AuditHead head, Tables(*connection).LastAudit());
  if (!head_ || (head.number == head_->number && head.hash == head_->hash)) return connection;
  return Fail(Code::kUnavailable, "the database lost what was committed to it",
              "stop grantd, and then: grantctl restore FILE --reason TEXT");
}

}  // namespace grant
