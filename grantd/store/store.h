// Durable state. Writes of all callers share commits: a write returns when the transaction that
// holds it is on the disk. One place writes; readers see the last commit.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "grant/error.h"
#include "grantd/store/tables.h"

namespace grant {

// How writing goes.
struct WritingState {
  std::chrono::nanoseconds busy{};  // for how long the transaction under way has been
  std::optional<Error> failure;     // of the last transaction
};

class Store {
 public:
  virtual ~Store() = default;

  // Runs `work` in a transaction and returns once it is durable. An error from `work` undoes what
  // it wrote and is returned; an error of the commit fails every write that shared it
  // (kUnavailable). `work` runs on the thread of one of those who write at the time: it must be
  // quick and must not call the store. Any thread may call this.
  Status Write(std::function<Status(Tables&)> work) { return Write(std::move(work), nullptr); }
  // The same; `durable` is called when it is on the disk, before anybody is told so and before the
  // next transaction begins. It must be quick, must not throw, and must not call the store.
  virtual Status Write(std::function<Status(Tables&)> work, std::function<void()> durable) = 0;

  // Runs `work` on a consistent snapshot. Any thread may call this; readers do not wait for
  // writers. `work` must not write and must not call the store.
  virtual Status Read(std::function<Status(Tables&)> work) = 0;

  // Another number whenever rules were applied, a grant was issued or ended, or a use given back;
  // before whoever did it is told. While it is as it was before a Read(), what that read of rules
  // and grants holds still, but for the uses spent since. Any thread may call this.
  virtual uint64_t generation() const = 0;

  // Any thread may call this; it waits for nothing.
  virtual WritingState Writing() { return {}; }

  // To be called about twice a second: from here on until the next write it shows, too, where
  // somebody else wrote to the log without its growing. Between writes that follow each other
  // without a pause that is not looked at. Errors are those of Write(), and of the last one.
  virtual Status Rest() { return {}; }
};

// Told the end of the audit chain whenever a commit is durable, before its writes are answered, by
// one thread at a time. It must be quick, must not throw, and must not call the store.
using Committed = std::function<void(const AuditHead& head)>;

// Opens, or creates, `state_dir`/grantd.db, brings its schema up to date, and takes an exclusive
// lock: a second grantd on the same state is refused. Errors: kUnavailable, kInvalid (not a grantd
// database, or from a later version).
//
// Writes are refused for as long as the database's files are not as grantd left them. After a
// failure that leaves it in doubt what is on the disk, they are refused until the database was
// opened anew and found to be whole; each write tries that, at most once a second.
Result<std::unique_ptr<Store>> OpenSqliteStore(const std::string& state_dir,
                                               Committed committed = nullptr);

}  // namespace grant
