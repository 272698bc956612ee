#include "grantd/store/database_watch.h"

namespace grant {

bool DatabaseWatch::Seen::operator==(const Seen& other) const {
  return device == other.device && inode == other.inode && bytes == other.bytes &&
         changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
}

DatabaseWatch::DatabaseWatch(const std::string& path) : paths_{path, path + "-wal"} {}

std::optional<DatabaseWatch::Seen> DatabaseWatch::Look(const std::string& path) {
  // By name, because that is what the next start opens; and because closing a descriptor of the
  // database would drop SQLite's locks.
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) return std::nullopt;
  return Seen{status.st_dev, status.st_ino, status.st_size, status.st_mtim};
}

void DatabaseWatch::Note() {
  noted_ = {Look(paths_[0]), Look(paths_[1])};
}

Status DatabaseWatch::Check() const {
  if (!noted_) return {};
  for (size_t i = 0; i < paths_.size(); ++i) {
    if (Look(paths_[i]) == (*noted_)[i]) continue;
    return Fail(Code::kUnavailable,
                paths_[i] + " was replaced, removed or changed by another program",
                "stop grantd, put the database in order and start it again: grantctl audit verify "
                "tells whether it is whole");
  }
  return {};
}

}  // namespace grant
