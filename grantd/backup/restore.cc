#include "grantd/backup/restore.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "grantd/domain/audit.h"
#include "grantd/guard/mark_file.h"
#include "grantd/store/database_copy.h"
#include "grantd/store/database_file.h"
#include "grantd/store/schema.h"
#include "grantd/store/sqlite_connection.h"
#include "grantd/store/state_dir.h"

namespace grant {
namespace {

constexpr char kStaged[] = "grantd.db.restore";
constexpr std::array kCompanions = {"-wal", "-shm", "-journal"};

Error DiskFailing(std::string_view doing, const std::string& path) {
  return {Code::kUnavailable,
          fmt::format("cannot {} {}: {}", doing, path, std::generic_category().message(errno)),
          "see that the disk of state_dir has room and works"};
}

Status WriteAll(int file, const std::vector<char>& part, size_t bytes, const std::string& path) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t written = write(file, part.data() + done, bytes - done);
    if (written < 0) return tl::make_unexpected(DiskFailing("write", path));
    done += static_cast<size_t>(written);
  }
  return {};
}

void Remove(const std::string& path) {
  for (const char* companion : {"", "-wal", "-shm", "-journal"}) {
    unlink((path + companion).c_str());
  }
}

// A copy of grantd's own, so that what is examined is what is put in place.
Status Stage(const RestoreOrder& order, const std::string& path) {
  Remove(path);
  const Descriptor file(
      open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.open()) return tl::make_unexpected(DiskFailing("make", path));
  std::vector<char> part(size_t{256} * 1024);
  while (true) {
    const ssize_t got = read(order.source.get(), part.data(), part.size());
    if (got < 0) return tl::make_unexpected(DiskFailing("read", order.source_name));
    if (got == 0) break;
    GRANT_CHECK(WriteAll(file.get(), part, static_cast<size_t>(got), path));
  }
  if (fsync(file.get()) == 0) return {};
  return tl::make_unexpected(DiskFailing("write", path));
}

nlohmann::json HeadJson(const AuditHead& head) {
  return {{"entry", head.number}, {"hash", head.hash}};
}

std::string Detail(const RestoreOrder& order, const Restored& restored, const std::string& hash) {
  nlohmann::json detail = {{"reason", order.reason}, {"file", order.source_name},
                           {"sha256", hash},         {"backup", HeadJson(restored.backup)},
                           {"mark", nullptr},        {"lost", nullptr}};
  if (restored.mark) {
    const AuditHead& mark = restored.mark->head;
    detail["mark"] = HeadJson(mark);
    detail["lost"] = std::max<int64_t>(0, mark.number - restored.backup.number);
  }
  return detail.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Status AppendEntry(sql::Connection& connection, const AuditEvent& event) {
  GRANT_CHECK(connection.Execute("BEGIN", {}));
  GRANT_CHECK(Tables(connection).AppendAudit(event));
  GRANT_CHECK(connection.Execute("COMMIT", {}));
  return {};
}

// Makes the staged copy what grantd will open: of today's schema, one file, and with the entry that
// says that it was restored.
Status Prepare(const std::string& path, const RestoreOrder& order, const std::string& detail) {
  GRANT_TRY(auto connection, SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite));
  GRANT_CHECK(connection->Query("PRAGMA journal_mode = DELETE", {}));
  GRANT_CHECK(MigrateSchema(*connection));
  return AppendEntry(*connection,
                     {order.at, std::string(event::kDatabaseRestored), order.by, "", "", detail});
}

// The database that was there, with its log, under a directory of its own. At every moment a file
// grantd.db is in place: without its log it is an older copy, which the mark tells.
Result<std::string> SetAside(const StateDir& state, Time at) {
  const std::string database = state.path() + "/" + kDatabaseName;
  if (access(database.c_str(), F_OK) != 0) return std::string();
  std::string directory = state.path() + "/replaced-" + FormatTime(at);
  if (mkdir(directory.c_str(), 0700) != 0) {
    return tl::make_unexpected(DiskFailing("make", directory));
  }
  if (link(database.c_str(), (directory + "/" + kDatabaseName).c_str()) != 0) {
    return tl::make_unexpected(DiskFailing("keep", database));
  }
  for (const char* companion : kCompanions) {
    const std::string from = database + companion;
    const std::string to = directory + "/" + kDatabaseName + companion;
    if (rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
      return tl::make_unexpected(DiskFailing("keep", from));
    }
  }
  const Descriptor kept(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!kept.open() || fsync(kept.get()) != 0 || fsync(state.fd()) != 0) {
    return tl::make_unexpected(DiskFailing("write", directory));
  }
  return directory;
}

Status PutInPlace(const StateDir& state) {
  if (renameat(state.fd(), kStaged, state.fd(), kDatabaseName) == 0 && fsync(state.fd()) == 0) {
    return {};
  }
  return tl::make_unexpected(DiskFailing("put a file in place in", state.path()));
}

Result<Restored> RestoreInto(const StateDir& state, const std::string& staged,
                             const RestoreOrder& order) {
  GRANT_CHECK(Stage(order, staged));
  GRANT_TRY(const CopyReport report, ExamineDatabase(staged));
  GRANT_TRY(const std::string hash, FileHash(staged));
  Restored restored;
  restored.backup = report.head;
  GRANT_TRY(const auto mark, MarkFile::Open(order.mark_file));
  if (mark) restored.mark = mark->mark();
  GRANT_CHECK(Prepare(staged, order, Detail(order, restored, hash)));
  GRANT_TRY(restored.replaced, SetAside(state, order.at));
  GRANT_CHECK(PutInPlace(state));
  return restored;
}

}  // namespace

Result<Restored> Restore(const RestoreOrder& order) {
  if (order.reason.empty() || order.reason.size() > kRestoreReasonBytesMax) {
    return Fail(Code::kInvalid,
                fmt::format("a reason of 1 to {} bytes is needed", kRestoreReasonBytesMax),
                "say what happened: --reason '...'");
  }
  GRANT_TRY(const StateDir state, StateDir::Open(order.state_dir));
  const std::string staged = state.path() + "/" + kStaged;
  auto restored = RestoreInto(state, staged, order);
  if (!restored) Remove(staged);
  return restored;
}

}  // namespace grant
