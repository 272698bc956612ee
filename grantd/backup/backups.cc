#include "grantd/backup/backups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "grantd/descriptor.h"
#include "grantd/store/audit_chain.h"
#include "grantd/store/database_copy.h"

namespace grant {
namespace {

constexpr char kPartial[] = "grantd-partial.db";

Error Unavailable(std::string_view doing, const std::string& path) {
  return {Code::kUnavailable,
          fmt::format("cannot {} {}: {}", doing, path, std::generic_category().message(errno)),
          "backup_dir in grantd.toml names the directory of backups"};
}

Result<Descriptor> OpenDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return tl::make_unexpected(Unavailable("make", path));
  }
  Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.open()) return tl::make_unexpected(Unavailable("open", path));
  struct stat status = {};
  if (fstat(directory.get(), &status) != 0) {
    return tl::make_unexpected(Unavailable("look at", path));
  }
  if (status.st_uid == geteuid() && (status.st_mode & 022) == 0) return directory;
  return Fail(Code::kUnavailable,
              path + " belongs to another user than grantd's, or others may write to it",
              fmt::format("chown {} {} and chmod 700 it", geteuid(), path));
}

// SQLite opens nothing behind a symbolic link.
Result<std::string> WithoutLinks(const std::string& path) {
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::canonical(path, error);
  if (!error) return canonical.string();
  return Fail(Code::kUnavailable, fmt::format("cannot resolve {}: {}", path, error.message()));
}

Status CheckRoom(int directory, const std::string& database) {
  struct stat file = {};
  struct statvfs disk = {};
  if (stat(database.c_str(), &file) != 0 || fstatvfs(directory, &disk) != 0) {
    return tl::make_unexpected(Unavailable("look at", database));
  }
  const uint64_t room = uint64_t{disk.f_bavail} * disk.f_frsize;
  const uint64_t needed = static_cast<uint64_t>(file.st_size) + kBackupSpareBytes;
  if (room >= needed) return {};
  return Fail(Code::kUnavailable,
              fmt::format("a backup needs {} bytes of room, and {} are free", needed, room),
              "make room, or set backup_dir in grantd.toml to another disk");
}

// In the order of their time.
std::string NameOf(Time at, int64_t entry) {
  std::string time = FormatTime(at);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  time = time.substr(0, time.find_first_of(".Z"));
  return fmt::format("grantd-{}Z-{:012}.db", time, entry);
}

// Whether NameOf() gives such names. All others are files of the administrator's.
bool IsBackupName(const std::string& name) {
  constexpr std::string_view kForm = "grantd-00000000T000000Z-000000000000.db";
  return std::equal(name.begin(), name.end(), kForm.begin(), kForm.end(), [](char c, char form) {
    return form == '0' ? c >= '0' && c <= '9' : c == form;
  });
}

// `made` stays whatever the others are called: they may be of a time when the clock was ahead.
// Failing to tidy up is no failure of the backup.
void RemoveOldest(const std::string& directory, const std::string& made, size_t kept) {
  std::vector<std::string> others;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().filename().string();
    if (IsBackupName(name) && name != made) others.push_back(std::move(name));
  }
  std::sort(others.begin(), others.end());
  for (size_t i = 0; i + kept <= others.size(); ++i) {
    const std::string path = directory + "/" + others[i];
    if (unlink(path.c_str()) != 0) spdlog::warn("backups: cannot remove {}", path);
  }
}

}  // namespace

Result<Backup> Backups::Make(const Principal& by) {
  const std::unique_lock only(one_at_a_time_, std::try_to_lock);
  if (!only.owns_lock()) {
    return Fail(Code::kUnavailable, "another backup is being made", "wait until it is done");
  }
  GRANT_TRY(const Descriptor directory, OpenDirectory(settings_.directory));
  GRANT_CHECK(CheckRoom(directory.get(), database_));
  GRANT_TRY(const std::string resolved, WithoutLinks(settings_.directory));
  GRANT_TRY(Backup backup, MakeIn(resolved));
  if (fsync(directory.get()) != 0) {
    return tl::make_unexpected(Unavailable("write", settings_.directory));
  }
  if (Status recorded = Record(backup, by); !recorded) {
    unlink(backup.path.c_str());
    return tl::make_unexpected(recorded.error());
  }
  RemoveOldest(settings_.directory, std::filesystem::path(backup.path).filename().string(),
               settings_.kept);
  return backup;
}

Result<Backup> Backups::MakeIn(const std::string& directory) {
  const std::string partial = directory + "/" + kPartial;
  unlink(partial.c_str());
  AuditHead before;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(before, tables.LastAudit());
    return {};
  }));
  GRANT_TRY(const std::string database, WithoutLinks(database_));
  const auto limit = std::chrono::steady_clock::now() + kBackupTimeMax;
  Backup backup;
  backup.at = now_();
  GRANT_TRY(const CopyReport report, CopyDatabase(database, partial, [&]() -> Status {
              if (stopping_) return Fail(Code::kUnavailable, "grantd is stopping");
              if (std::chrono::steady_clock::now() < limit) return {};
              return Fail(Code::kUnavailable, "the backup took too long",
                          "see why the disk of backup_dir is slow");
            }));
  backup.head = report.head;
  backup.bytes = report.bytes;
  // Another file in the place of the database would be copied just as well.
  if (report.head.number < before.number) {
    return Fail(Code::kUnavailable, "the copy is older than the database that grantd has open",
                "grantctl doctor");
  }
  GRANT_TRY(backup.sha256, FileHash(partial));
  backup.path = directory + "/" + NameOf(backup.at, backup.head.number);
  if (rename(partial.c_str(), backup.path.c_str()) != 0) {
    return tl::make_unexpected(Unavailable("make", backup.path));
  }
  return backup;
}

Status Backups::Record(const Backup& backup, const Principal& by) {
  const nlohmann::json detail = {{"bytes", backup.bytes},
                                 {"sha256", backup.sha256},
                                 {"entry", backup.head.number},
                                 {"hash", backup.head.hash}};
  const std::string name = std::filesystem::path(backup.path).filename().string();
  return store_.Write([&](Tables& tables) -> Status {
    GRANT_CHECK(
        tables.AppendAudit({now_(), std::string(event::kBackupMade), by, name, "", detail.dump()}));
    return {};
  });
}

}  // namespace grant
