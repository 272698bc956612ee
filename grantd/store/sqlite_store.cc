// The store over SQLite.
#include <string>
#include <utility>
#include <vector>

#include "grantd/store/commit_guard.h"
#include "grantd/store/database_file.h"
#include "grantd/store/reader_pool.h"
#include "grantd/store/schema.h"
#include "grantd/store/sqlite_connection.h"
#include "grantd/store/state_dir.h"
#include "grantd/store/store.h"
#include "grantd/store/upgrade_copy.h"
#include "grantd/store/writer.h"

namespace grant {
namespace {

// More than the API has threads, so that long lists never keep signatures waiting for a reader.
constexpr int kReaders = 12;

using Mode = SqliteConnection::Mode;

class SqliteStore : public Store {
 public:
  SqliteStore(StateDir directory, std::unique_ptr<CommitGuard> guard,
              std::unique_ptr<sql::Connection> writing,
              std::vector<std::unique_ptr<sql::Connection>> reading)
      : directory_(std::move(directory)),
        guard_(std::move(guard)),
        writer_(std::move(writing), WriterOptions{.guard = guard_.get()}),
        readers_(std::move(reading)) {}

  using Store::Write;
  Status Write(Work work, std::function<void()> durable) override {
    return writer_.Write(std::move(work), std::move(durable));
  }
  Status Read(Work work) override { return readers_.Read(work); }
  uint64_t generation() const override { return writer_.generation(); }
  WritingState Writing() override { return writer_.State(); }
  Status Rest() override {
    if (guard_->at_rest()) return {};
    // An empty transaction would succeed where nothing can be written.
    if (const auto failure = writer_.State().failure) return tl::make_unexpected(*failure);
    guard_->Rest();
    return writer_.Write([](Tables&) { return Status(); });
  }

 private:
  // Destroyed from the last to the first: the writing connection closes after the readers and so
  // moves the log into the database, and the lock is let go at the very end.
  StateDir directory_;
  std::unique_ptr<CommitGuard> guard_;
  Writer writer_;
  ReaderPool readers_;
};

// Readers go on while the writer commits only with a write-ahead log.
Status UseWriteAheadLog(sql::Connection& connection) {
  GRANT_TRY(auto rows, connection.Query("PRAGMA journal_mode = WAL", {}));
  if (!rows.empty() && rows[0].maybe_text(0) == "wal") return {};
  return Fail(Code::kUnavailable, "the database cannot use a write-ahead log",
              "put state_dir on a local file system");
}

}  // namespace

Result<std::unique_ptr<Store>> OpenSqliteStore(const std::string& state_dir, Committed committed) {
  GRANT_TRY(StateDir directory, StateDir::Open(state_dir));
  GRANT_TRY(const std::string path, EnsureDatabase(directory));
  GRANT_TRY(auto writing, SqliteConnection::Open(path, Mode::kReadWrite));
  GRANT_CHECK(KeepCopyBeforeUpgrade(directory, *writing));
  GRANT_CHECK(MigrateSchema(*writing));
  GRANT_CHECK(UseWriteAheadLog(*writing));
  std::vector<std::unique_ptr<sql::Connection>> reading;
  for (int i = 0; i < kReaders; ++i) {
    GRANT_TRY(auto reader, SqliteConnection::Open(path, Mode::kReadOnly));
    reading.push_back(std::move(reader));
  }
  auto guard = std::make_unique<CommitGuard>(path, std::move(committed));
  guard->Begin();
  return std::make_unique<SqliteStore>(std::move(directory), std::move(guard), std::move(writing),
                                       std::move(reading));
}

}  // namespace grant
