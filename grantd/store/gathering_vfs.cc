#include "grantd/store/gathering_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace grant {
namespace {

// SQLite's own file writes at most 128 KiB less one byte at a time, and nothing that it writes to a
// log is longer than 64 KiB.
constexpr size_t kGatheredBytesMax = size_t{120} * 1024;

sqlite3_vfs* System() {
  static sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
  return system;
}

// SQLite provides the memory: this, and the system's own file behind it.
struct Log {
  sqlite3_file file;
  std::vector<uint8_t> gathered;
  sqlite3_int64 offset;  // of what is gathered
  // A write that SQLite takes for done was not. Until it writes there anew, which a transaction
  // does not that goes on, nothing behind is written, read or synced: so none of it can be
  // committed.
  int failure;
  sqlite3_int64 failed_at;
  // The file's, once this connection has written to it, and is so the only one that does; negative:
  // not known. To ask the system would have it note the time of the next change, and write that to
  // the disk with it (multigrain timestamps of Linux 6.13).
  sqlite3_int64 bytes = -1;

  sqlite3_file* system() { return reinterpret_cast<sqlite3_file*>(this + 1); }

  int Flush() {
    if (gathered.empty()) return SQLITE_OK;
    const int rc = system()->pMethods->xWrite(system(), gathered.data(),
                                              static_cast<int>(gathered.size()), offset);
    if (rc != SQLITE_OK) {
      failure = rc;
      failed_at = offset;
      bytes = -1;
    } else if (bytes >= 0) {
      bytes = std::max(bytes, offset + static_cast<sqlite3_int64>(gathered.size()));
    } else if (system()->pMethods->xFileSize(system(), &bytes) != SQLITE_OK) {
      bytes = -1;
    }
    gathered.clear();
    return rc;
  }
};

Log* LogOf(sqlite3_file* file) {
  return reinterpret_cast<Log*>(file);
}

// Calls the system's method when all that was gathered is written.
template <auto kMethod, typename... Arguments>
int AfterFlush(sqlite3_file* file, Arguments... arguments) {
  Log* const log = LogOf(file);
  const int rc = log->Flush();
  if (rc != SQLITE_OK) return rc;
  return (log->system()->pMethods->*kMethod)(log->system(), arguments...);
}

int Read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
  Log* const log = LogOf(file);
  const int rc = log->Flush();
  if (rc != SQLITE_OK) return SQLITE_IOERR_WRITE;
  if (log->failure != SQLITE_OK && offset + count > log->failed_at) return SQLITE_IOERR_WRITE;
  return log->system()->pMethods->xRead(log->system(), bytes, count, offset);
}

int Truncate(sqlite3_file* file, sqlite3_int64 bytes) {
  const int rc = AfterFlush<&sqlite3_io_methods::xTruncate>(file, bytes);
  LogOf(file)->bytes = -1;
  return rc;
}

int FileSize(sqlite3_file* file, sqlite3_int64* bytes) {
  Log* const log = LogOf(file);
  const int rc = log->Flush();
  if (rc != SQLITE_OK) return rc;
  if (log->bytes < 0) return log->system()->pMethods->xFileSize(log->system(), bytes);
  *bytes = log->bytes;
  return SQLITE_OK;
}

int Sync(sqlite3_file* file, int flags) {
  Log* const log = LogOf(file);
  const int rc = log->Flush();
  if (rc != SQLITE_OK) return rc;
  if (log->failure != SQLITE_OK) return log->failure;
  return log->system()->pMethods->xSync(log->system(), flags);
}

template <auto kMethod, typename... Arguments>
int Through(sqlite3_file* file, Arguments... arguments) {
  sqlite3_file* const system = LogOf(file)->system();
  return (system->pMethods->*kMethod)(system, arguments...);
}

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  Log* const log = LogOf(file);
  std::vector<uint8_t>& gathered = log->gathered;
  const auto size = static_cast<size_t>(count);
  const bool follows = offset == log->offset + static_cast<sqlite3_int64>(gathered.size());
  if (!follows || gathered.size() + size > kGatheredBytesMax) {
    const int rc = log->Flush();
    if (rc != SQLITE_OK) return rc;
  }
  if (log->failure != SQLITE_OK) {
    if (offset > log->failed_at) return log->failure;
    log->failure = SQLITE_OK;
  }
  if (gathered.empty()) log->offset = offset;
  try {
    const auto* first = static_cast<const uint8_t*>(bytes);
    gathered.insert(gathered.end(), first, first + size);
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  return SQLITE_OK;
}

int Close(sqlite3_file* file) {
  const int flushed = LogOf(file)->Flush();
  const int closed = Through<&sqlite3_io_methods::xClose>(file);
  LogOf(file)->~Log();
  return flushed == SQLITE_OK ? closed : flushed;
}

// Those of version 1: a log is neither locked nor mapped.
constexpr sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Through<&sqlite3_io_methods::xLock, int>,
    .xUnlock = Through<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = Through<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = AfterFlush<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = Through<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = Through<&sqlite3_io_methods::xDeviceCharacteristics>,
};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* opened_flags) {
  if ((flags & SQLITE_OPEN_WAL) == 0) {
    return System()->xOpen(System(), name, file, flags, opened_flags);
  }
  Log* const log = new (file) Log{};
  const int rc = System()->xOpen(System(), name, log->system(), flags, opened_flags);
  // SQLite closes whatever has methods, even after a failure.
  if (log->system()->pMethods != nullptr) {
    log->file.pMethods = &kMethods;
  } else {
    log->~Log();
    file->pMethods = nullptr;
  }
  return rc;
}

}  // namespace

const char* GatheringVfs() {
  static constexpr char kName[] = "grantd";
  [[maybe_unused]] static const int registered = [] {
    static sqlite3_vfs vfs = *System();
    vfs.zName = kName;
    vfs.pNext = nullptr;
    vfs.szOsFile = static_cast<int>(sizeof(Log)) + System()->szOsFile;
    vfs.xOpen = Open;
    return sqlite3_vfs_register(&vfs, 0);
  }();
  return kName;
}

}  // namespace grant
