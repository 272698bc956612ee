// Durable state. Writes of all callers share commits: a write returns when the transaction that
// holds it is on the disk. One place writes; readers see the last commit.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "grant/error.h"
#include "grantd/store/tables.h"

namespace grant {

class Store {
 public:
  virtual ~Store() = default;

  // Runs `work` in a transaction and returns once it is durable. An error from `work` undoes what
  // it wrote and is returned; an error of the commit fails every write that shared it
  // (kUnavailable). `work` runs on the writer's thread: it must be quick and must not call the
  // store. Any thread may call this.
  virtual Status Write(std::function<Status(Tables&)> work) = 0;

  // Starts a write and returns at once; `done` is called on the writer's thread when the outcome is
  // durable or has failed. It must be quick and must not throw. Where too many writes already wait
  // (kUnavailable), it is called on the caller's thread before WriteAsync returns.
  virtual void WriteAsync(std::function<Status(Tables&)> work,
                          std::function<void(Status)> done) = 0;

  // Runs `work` on a consistent snapshot. Any thread may call this; readers do not wait for
  // writers. `work` must not write and must not call the store.
  virtual Status Read(std::function<Status(Tables&)> work) = 0;
};

// Opens, or creates, `state_dir`/grantd.db, brings its schema up to date, and takes an exclusive
// lock: a second grantd on the same state is refused. Errors: kUnavailable, kInvalid (not a grantd
// database, or from a later version).
Result<std::unique_ptr<Store>> OpenSqliteStore(const std::string& state_dir);

}  // namespace grant
