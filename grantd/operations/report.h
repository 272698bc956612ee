// What grantd says of itself to whoever runs it: plain values, gathered when somebody asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/time.h"

namespace grant {

struct TokenReport {
  std::string name;
  bool present = false;
  size_t workers_up = 0;
  size_t workers = 0;  // that there should be
  std::string pin_file;
  std::optional<Error> pin_fault;  // for which the PIN file would be refused now
};

// Of the file system that holds `path`, as grantd's user finds it.
struct DiskReport {
  std::string path;
  uint64_t bytes = 0;
  uint64_t bytes_free = 0;
  uint64_t inodes = 0;  // 0: not counted there
  uint64_t inodes_free = 0;
  std::optional<std::string> fault;  // why nothing can be said
};

struct SystemReport {
  std::string config_file;
  std::optional<Error> config_fault;  // for which grantd would not start with it now
  bool config_changed = false;        // since grantd read it
  std::vector<TokenReport> tokens;
  std::vector<DiskReport> disks;
  std::string mark_file;
  bool mark_readable = false;
  uint64_t database_bytes = 0;
  uint64_t log_bytes = 0;  // of the write-ahead log
  std::string backup_dir;
  std::optional<Time> last_backup;
};

}  // namespace grant
