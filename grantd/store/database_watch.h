// Notices that somebody else than grantd's writer touched the database's files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "grant/error.h"

namespace grant {

// Only the writer writes to the database and its write-ahead log while grantd runs: readers read,
// and SQLite moves the log into the database within the writer's commits. So whatever changed
// between two of its transactions was done by somebody else: another copy put in place, a log
// removed or cut, a row edited. What the open connections see is then not what a later start would
// find. Not for several threads.
//
// That the log was written to shows, where it did not grow, in its time alone. A file system that
// is asked for that gives the next write a time of its own and has more to write for it (multigrain
// timestamps of Linux 6.13), so it is asked where nothing is in a hurry. The database is seldom
// written to, and its time is always looked at.
class DatabaseWatch {
 public:
  enum class Depth {
    kQuick,  // all but the log's time
    kFull,
  };

  // `path` is the database's. Nothing is known until Note().
  explicit DatabaseWatch(const std::string& path);

  // Takes the files as they are; after each transaction of the writer. The next Check() goes as
  // deep.
  void Note(Depth depth);
  // kUnavailable where they are not as they were. A few microseconds.
  Status Check() const;

 private:
  struct Seen {
    uint64_t device = 0;
    uint64_t inode = 0;
    uint64_t bytes = 0;
    std::optional<int64_t> changed;  // its content, in nanoseconds since 1970
    bool operator==(const Seen&) const = default;
  };
  struct Noted {
    Depth depth = Depth::kFull;
    std::optional<Seen> database;
    std::optional<Seen> log;
  };
  static std::optional<Seen> Look(const std::string& path, bool with_time);
  Noted LookAt(Depth depth) const;

  const std::string database_;
  const std::string log_;
  std::optional<Noted> noted_;
};

}  // namespace grant
