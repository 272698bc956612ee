// Backups of the database, made while grantd serves.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "grant/error.h"
#include "grantd/domain/principal.h"
#include "grantd/domain/time.h"
#include "grantd/store/store.h"

namespace grant {

struct BackupSettings {
  std::string directory;  // made (0700) when the first backup is; its parent must be there
  uint32_t kept = 7;      // of the newest; older ones are removed
};

// A copy that takes longer is given up, for the write-ahead log grows meanwhile.
inline constexpr std::chrono::minutes kBackupTimeMax{10};
// What has to stay free beside the copy, so that a backup never takes the room of a signature.
inline constexpr uint64_t kBackupSpareBytes = uint64_t{64} * 1024 * 1024;

struct Backup {
  std::string path;
  std::string sha256;  // of the file, lower-case hex
  int64_t bytes = 0;
  AuditHead head;  // where its audit ends
  Time at;
};

// Backups are files of grantd's own user in a directory of grantd's own: what they hold is for
// nobody else, and nobody else chooses what grantd writes to. Any thread may call these.
class Backups {
 public:
  // `database` is the path of the file. `store` outlives this.
  Backups(Store& store, std::string database, BackupSettings settings, std::function<Time()> now)
      : store_(store),
        database_(std::move(database)),
        settings_(std::move(settings)),
        now_(std::move(now)) {}

  // Copies the database, examines the copy, and records that in the audit. Takes as long as reading
  // all of it twice; signatures go on. kUnavailable while another one is being made, and where
  // there is no room, it took too long, or grantd is stopping.
  Result<Backup> Make(const Principal& by);

  // Has a copy under way given up, and no other begun.
  void Stop() { stopping_ = true; }

 private:
  Result<Backup> MakeIn(const std::string& directory);
  Status Record(const Backup& backup, const Principal& by);

  Store& store_;
  const std::string database_;
  const BackupSettings settings_;
  const std::function<Time()> now_;
  std::mutex one_at_a_time_;
  std::atomic<bool> stopping_{false};
};

}  // namespace grant
