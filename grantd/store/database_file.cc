#include "grantd/store/database_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "grant/bytes.h"
#include "grantd/failpoint.h"
#include "grantd/store/schema.h"
#include "grantd/store/sqlite_connection.h"

namespace grant {
namespace {

constexpr const char* kName = kDatabaseName;
constexpr char kNewName[] = "grantd.db.new";
// What SQLite keeps beside a database and would replay into whatever bears its name.
constexpr std::array kCompanions = {"-journal", "-wal", "-shm"};

constexpr size_t kApplicationIdOffset = 68;
constexpr size_t kHeaderBytes = 100;
constexpr std::string_view kMagic("SQLite format 3\0", 16);

using Header = std::array<uint8_t, kHeaderBytes>;

std::string Reason(int number) {
  return std::generic_category().message(number);
}

Error Unavailable(std::string_view doing, const std::string& path, int number) {
  return {Code::kUnavailable, fmt::format("cannot {} {}: {}", doing, path, Reason(number)),
          "let the user that runs grantd read and write state_dir"};
}

bool IsGrantd(const Header& header) {
  if (AsText(ByteView(header)).substr(0, kMagic.size()) != kMagic) return false;
  uint32_t id = 0;
  for (size_t i = 0; i < sizeof(id); ++i) id = (id << 8) | header[kApplicationIdOffset + i];
  return id == kApplicationId;
}

Status CheckFile(const std::string& path, int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return tl::make_unexpected(Unavailable("look at", path, errno));
  if (!S_ISREG(status.st_mode)) return Fail(Code::kInvalid, fmt::format("{} is not a file", path));
  if (status.st_uid != geteuid() || (status.st_mode & 077) != 0) {
    return Fail(Code::kInvalid, fmt::format("{} is open to others than grantd's user", path),
                fmt::format("chown {} {} and chmod 600 it", geteuid(), path));
  }
  Header header = {};
  const ssize_t got = pread(fd, header.data(), header.size(), 0);
  if (got < 0) return tl::make_unexpected(Unavailable("read", path, errno));
  if (static_cast<size_t>(got) < header.size() || !IsGrantd(header)) {
    return Fail(Code::kInvalid, fmt::format("{} is not a grantd database", path),
                "restore it from a backup, or move it away to start with an empty one");
  }
  return {};
}

bool Exists(int directory, const std::string& name) {
  struct stat status = {};
  return fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// A database that was lost from beside its log is not the same as a first start.
Status CheckFirstStart(const StateDir& directory) {
  for (const char* companion : kCompanions) {
    const std::string name = std::string(kName) + companion;
    if (!Exists(directory.fd(), name)) continue;
    return Fail(
        Code::kInvalid,
        fmt::format("{0}/{1} is missing, but its {2} is there", directory.path(), kName, name),
        fmt::format("restore it from a backup, or move {}/{} away to start with an empty one",
                    directory.path(), name));
  }
  return {};
}

Status Initialise(const std::string& path) {
  GRANT_TRY(auto connection, SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite));
  GRANT_CHECK(connection->Script(fmt::format("PRAGMA application_id = {}", kApplicationId)));
  return MigrateSchema(*connection);
}

// Made under another name and moved into place, so that a crash leaves a whole database or none.
Status Create(const StateDir& directory, const std::string& path) {
  for (const char* companion : kCompanions) {
    unlinkat(directory.fd(), (std::string(kNewName) + companion).c_str(), 0);
  }
  unlinkat(directory.fd(), kNewName, 0);
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  if (!Descriptor(openat(directory.fd(), kNewName, flags, 0600)).open()) {
    return tl::make_unexpected(Unavailable("make", path, errno));
  }
  GRANT_CHECK(Initialise(directory.path() + "/" + kNewName));
  failpoint::Reach(failpoint::Point::kDatabaseMade);
  if (renameat(directory.fd(), kNewName, directory.fd(), kName) != 0 ||
      fsync(directory.fd()) != 0) {
    return tl::make_unexpected(Unavailable("make", path, errno));
  }
  return {};
}

}  // namespace

Result<std::string> EnsureDatabase(const StateDir& directory) {
  const std::string path = directory.path() + "/" + kName;
  // Closed before SQLite opens the file: to close any descriptor of it drops SQLite's locks.
  Descriptor file(openat(directory.fd(), kName, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (file.open()) {
    GRANT_CHECK(CheckFile(path, file.get()));
    return path;
  }
  if (errno == ELOOP) {
    return Fail(Code::kInvalid, fmt::format("{} is a symbolic link", path),
                "set state_dir to the directory that holds the file");
  }
  if (errno != ENOENT) return tl::make_unexpected(Unavailable("open", path, errno));
  GRANT_CHECK(CheckFirstStart(directory));
  GRANT_CHECK(Create(directory, path));
  return path;
}

}  // namespace grant
