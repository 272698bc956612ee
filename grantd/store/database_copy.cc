#include "grantd/store/database_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "grantd/descriptor.h"
#include "grantd/store/audit_chain.h"
#include "grantd/store/database_file.h"
#include "grantd/store/schema.h"
#include "grantd/store/sqlite_connection.h"
#include "grantd/store/sqlite_error.h"

namespace grant {
namespace {

using Mode = SqliteConnection::Mode;

constexpr int kPagesAtOnce = 64;
constexpr size_t kPageBytes = 4096;  // SQLite's default, which grantd keeps
// What is written is brought to the disk in such parts, so that a signature's commit never waits
// behind the whole copy.
constexpr size_t kSyncBytes = size_t{4} * 1024 * 1024;

Error Unavailable(std::string_view doing, const std::string& path) {
  return {Code::kUnavailable,
          fmt::format("cannot {} {}: {}", doing, path, std::generic_category().message(errno)),
          "see that the disk has room and works"};
}

Error Damaged(const std::string& path, const std::string& what) {
  return {Code::kInvalid, fmt::format("{}: {}", path, what), "take another backup"};
}

Status CheckPages(sql::Connection& connection, const std::string& path) {
  GRANT_TRY(const auto rows, connection.Query("PRAGMA integrity_check(1)", {}));
  const std::string verdict = rows.empty() ? "" : rows[0].maybe_text(0).value_or("");
  if (verdict == "ok") return {};
  return tl::make_unexpected(Damaged(path, "the database is damaged: " + verdict));
}

Status CheckIdentity(sql::Connection& connection, const std::string& path) {
  GRANT_TRY(const auto rows, connection.Query("PRAGMA application_id", {}));
  if (!rows.empty() && rows[0].maybe_integer(0) == int64_t{kApplicationId}) {
    return CheckSchemaIsKnown(connection);
  }
  return tl::make_unexpected(Damaged(path, "not a grantd database"));
}

Result<CopyReport> Examine(const std::string& path) {
  GRANT_TRY(auto connection, SqliteConnection::Open(path, Mode::kReadOnly));
  GRANT_CHECK(CheckIdentity(*connection, path));
  GRANT_CHECK(CheckPages(*connection, path));
  Tables tables(*connection);
  GRANT_TRY(ChainReport chain, VerifyChain(tables));
  if (!chain.fault) {
    GRANT_TRY(chain.fault, tables.CountFault());
  }
  if (chain.fault) return tl::make_unexpected(Damaged(path, *chain.fault));
  CopyReport report;
  GRANT_TRY(report.head, tables.LastAudit());
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return tl::make_unexpected(Unavailable("look at", path));
  report.bytes = status.st_size;
  return report;
}

Status CopySnapshot(const std::string& from, const std::string& to, int file,
                    const std::function<Status()>& keep_on) {
  GRANT_TRY(auto source, SqliteConnection::Open(from, Mode::kReadOnly));
  GRANT_CHECK(source->Execute("BEGIN", {}));
  // A snapshot begins with the first reading.
  GRANT_CHECK(Tables(*source).LastAudit());
  size_t unsynced = 0;
  GRANT_CHECK(source->CopyTo(to, [&](size_t bytes) -> Status {
    unsynced += bytes;
    if (unsynced < kSyncBytes) return {};
    unsynced = 0;
    if (fdatasync(file) != 0) return tl::make_unexpected(Unavailable("write", to));
    return keep_on();
  }));
  GRANT_CHECK(source->Execute("ROLLBACK", {}));
  return {};
}

// Without a write-ahead log beside it, so that this file alone is the whole copy.
Status MakeOneFile(const std::string& path) {
  GRANT_TRY(auto copy, SqliteConnection::Open(path, Mode::kReadWrite));
  GRANT_TRY(const auto rows, copy->Query("PRAGMA journal_mode = DELETE", {}));
  if (!rows.empty() && rows[0].maybe_text(0) == "delete") return {};
  return Fail(Code::kUnavailable, fmt::format("{} cannot be made one file", path));
}

Result<CopyReport> Copy(const std::string& from, const std::string& to, int file,
                        const std::function<Status()>& keep_on) {
  GRANT_CHECK(CopySnapshot(from, to, file, keep_on));
  GRANT_CHECK(MakeOneFile(to));
  if (fsync(file) != 0) return tl::make_unexpected(Unavailable("write", to));
  return ExamineDatabase(to);
}

}  // namespace

Status SqliteConnection::CopyTo(const std::string& path,
                                const std::function<Status(size_t bytes)>& go_on) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
      nullptr);
  const std::unique_ptr<sqlite3, CloseDatabase> target(raw);
  const auto failed = [&](int rc) {
    return tl::make_unexpected(SqliteError(raw, rc, "write " + path, path));
  };
  if (opened != SQLITE_OK) return failed(opened);
  // Whoever asks for the copy brings it to the disk.
  sqlite3_exec(raw, "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
  const std::unique_ptr<sqlite3_backup, int (*)(sqlite3_backup*)> backup(
      sqlite3_backup_init(raw, "main", database_.get(), "main"), sqlite3_backup_finish);
  if (!backup) return failed(sqlite3_errcode(raw));
  for (int rc = SQLITE_OK; rc != SQLITE_DONE;) {
    rc = sqlite3_backup_step(backup.get(), kPagesAtOnce);
    if (rc != SQLITE_OK && rc != SQLITE_DONE) return failed(rc);
    GRANT_CHECK(go_on(kPagesAtOnce * kPageBytes));
  }
  return {};
}

Result<CopyReport> CopyDatabase(const std::string& from, const std::string& to,
                                const std::function<Status()>& keep_on) {
  const Descriptor file(open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.open()) return tl::make_unexpected(Unavailable("make", to));
  auto report = Copy(from, to, file.get(), keep_on);
  if (!report) {
    for (const char* companion : {"", "-journal", "-wal", "-shm"}) unlink((to + companion).c_str());
  }
  return report;
}

Result<CopyReport> ExamineDatabase(const std::string& path) {
  auto report = Examine(path);
  // SQLite's own word for a file that is none of its databases.
  if (!report && report.error().code == Code::kInternal) {
    return tl::make_unexpected(Damaged(path, report.error().message));
  }
  return report;
}

Result<std::string> FileHash(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.open()) return tl::make_unexpected(Unavailable("open", path));
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  std::vector<uint8_t> part(size_t{256} * 1024);
  bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (ssize_t got = 1; good && got > 0;) {
    got = read(file.get(), part.data(), part.size());
    if (got < 0) return tl::make_unexpected(Unavailable("read", path));
    good = EVP_DigestUpdate(context.get(), part.data(), static_cast<size_t>(got)) == 1;
  }
  std::array<uint8_t, kHashHexBytes / 2> hash = {};
  if (!good || EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) != 1) {
    return Fail(Code::kInternal, "SHA-256 is not available");
  }
  std::string hex;
  for (const uint8_t byte : hash) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace grant
