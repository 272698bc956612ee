// The one place that writes: a thread that owns the writing connection and lets the writes of all
// callers share commits.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "grantd/store/sql.h"
#include "grantd/store/work.h"

namespace grant {

// What goes on around the transactions, on the writer's thread. Must be quick and must not throw.
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
  size_t queued_max = 4096;           // more are refused
  size_t batch_max = 256;             // writes that share one commit
  TransactionGuard* guard = nullptr;  // outlives the writer
};

class Writer {
 public:
  using Done = std::function<void(Status)>;

  explicit Writer(std::unique_ptr<sql::Connection> connection, WriterOptions options = {});
  // Finishes what is queued.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // As in Store. Any thread may call them, Write any but the writer's own.
  Status Write(Work work);
  void WriteAsync(Work work, Done done);

 private:
  struct Job {
    Work work;
    Done done;
    Status outcome;
  };

  bool Enqueue(Job& job);
  std::vector<Job> NextBatch();
  void Loop();
  void Finish(std::vector<Job>& batch);
  Status RunTransaction(std::vector<Job>& batch);
  Status Admit();
  Result<bool> RunJobs(std::vector<Job>& batch);
  Result<bool> RunAlone(Job& job);
  Status Commit();
  Status RunJob(Job& job);
  void Abandon();

  std::unique_ptr<sql::Connection> connection_;  // used by the thread alone
  const WriterOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;  // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: it uses all of the above
};

}  // namespace grant
