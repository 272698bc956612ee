// Notices that somebody else than grantd's writer touched the database's files.
#pragma once

#include <sys/stat.h>

#include <array>
#include <optional>
#include <string>

#include "grant/error.h"

namespace grant {

// Only the writer writes to the database and its write-ahead log while grantd runs: readers read,
// and SQLite moves the log into the database within the writer's commits. So whatever changed
// between two of its transactions was done by somebody else: another copy put in place, a log
// removed or cut, a row edited. What the open connections see is then not what a later start would
// find. Not for several threads.
class DatabaseWatch {
 public:
  // `path` is the database's. Nothing is known until Note().
  explicit DatabaseWatch(const std::string& path);

  // Takes the files as they are; after each transaction of the writer.
  void Note();
  // kUnavailable where they are not as they were. A few microseconds.
  Status Check() const;

 private:
  struct Seen {
    dev_t device = 0;
    ino_t inode = 0;
    off_t bytes = 0;
    timespec changed = {};  // its content
    bool operator==(const Seen& other) const;
  };
  static std::optional<Seen> Look(const std::string& path);

  std::array<std::string, 2> paths_;
  std::optional<std::array<std::optional<Seen>, 2>> noted_;
};

}  // namespace grant
