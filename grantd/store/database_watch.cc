#include "grantd/store/database_watch.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace grant {

DatabaseWatch::DatabaseWatch(const std::string& path) : database_(path), log_(path + "-wal") {}

std::optional<DatabaseWatch::Seen> DatabaseWatch::Look(const std::string& path, bool with_time) {
  const unsigned wanted = STATX_INO | STATX_SIZE | (with_time ? STATX_MTIME : 0U);
  struct statx status = {};
  // By name, because that is what the next start opens; and because closing a descriptor of the
  // database would drop SQLite's locks.
  if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, wanted, &status) != 0) {
    return std::nullopt;
  }
  Seen seen{(uint64_t{status.stx_dev_major} << 32) | status.stx_dev_minor, status.stx_ino,
            status.stx_size, std::nullopt};
  if (with_time) {
    seen.changed = status.stx_mtime.tv_sec * 1'000'000'000 + status.stx_mtime.tv_nsec;
  }
  return seen;
}

DatabaseWatch::Noted DatabaseWatch::LookAt(Depth depth) const {
  return {depth, Look(database_, true), Look(log_, depth == Depth::kFull)};
}

void DatabaseWatch::Note(Depth depth) {
  noted_ = LookAt(depth);
}

Status DatabaseWatch::Check() const {
  if (!noted_) return {};
  const Noted now = LookAt(noted_->depth);
  const bool database_is_same = now.database == noted_->database;
  if (database_is_same && now.log == noted_->log) return {};
  return Fail(Code::kUnavailable,
              (database_is_same ? log_ : database_) +
                  " was replaced, removed or changed by another program",
              "stop grantd, put the database in order and start it again: grantctl audit verify "
              "tells whether it is whole");
}

}  // namespace grant
