// The one place that writes: it owns the writing connection and lets the writes of all callers
// share commits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "grantd/store/sql.h"
#include "grantd/store/store.h"
#include "grantd/store/work.h"

namespace grant {

// What goes on around the transactions, on the thread of one of those who write. Must be quick and
// must not throw.
class TransactionGuard {
 public:
  virtual ~TransactionGuard() = default;
  // Before one begins. An error refuses it.
  virtual Status Before() = 0;
  // As its last part. An error undoes it.
  virtual Status BeforeCommit(sql::Connection& connection) = 0;
  // When it is durable, or gone; before those who wrote it are told.
  virtual void After(bool committed) = 0;
  // Another connection to the same database, in place of one that is in doubt (see
  // sql::Connection::InDoubt()), once it is known that what was committed is on the disk.
  virtual Result<std::unique_ptr<sql::Connection>> Reconnect() = 0;
};

struct WriterOptions {
  // SQLite takes the lock for writing at once with "BEGIN IMMEDIATE".
  std::string begin = "BEGIN IMMEDIATE";
  size_t batch_max = 256;             // writes that share one commit
  TransactionGuard* guard = nullptr;  // outlives the writer
};

// There is no thread of its own: whoever comes while nobody writes runs its work and commits it at
// once. Those who come meanwhile queue up, and the first of them then does so for all.
class Writer {
 public:
  explicit Writer(std::unique_ptr<sql::Connection> connection, WriterOptions options = {});
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // As in Store. Any thread may call it.
  Status Write(Work work, std::function<void()> durable = nullptr);
  uint64_t generation() const { return generation_; }

  // How many writes run or wait.
  size_t pending() const;
  WritingState State() const;

 private:
  struct Job {
    enum class State : int { kWaiting, kLeading, kDone };
    Job(Work wanted, std::function<void()> told)
        : work(std::move(wanted)), durable(std::move(told)) {}

    Work work;
    std::function<void()> durable;
    Status outcome;
    std::mutex mutex;
    std::condition_variable changed;
    State state = State::kWaiting;  // guarded by mutex

    void Become(State next);
    State Await();
  };
  using Batch = std::vector<std::shared_ptr<Job>>;

  void Lead() noexcept;
  Batch NextBatch();
  std::shared_ptr<Job> Leave(size_t jobs);
  void NoteOutcome(const Status& committed);
  void Run(const Batch& batch);
  Status RunTransaction(const Batch& batch);
  Status Admit();
  Result<bool> RunJobs(const Batch& batch);
  Result<bool> RunAlone(Job& job);
  Status Commit();
  Status RunJob(Job& job);
  void Abandon();

  std::unique_ptr<sql::Connection> connection_;  // used by whoever leads
  const WriterOptions options_;
  bool rights_changed_ = false;  // by the transaction under way; of whoever leads
  std::atomic<uint64_t> generation_{1};
  std::atomic<std::thread::id> leader_;
  mutable std::mutex mutex_;
  // Guarded by mutex_, as what follows. The first leads; jobs stay until they are done, so that
  // nobody else does.
  std::deque<std::shared_ptr<Job>> queue_;
  std::optional<std::chrono::steady_clock::time_point> busy_since_;
  std::optional<Error> failure_;
};

}  // namespace grant
