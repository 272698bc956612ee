#include "grantd/store/writer.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <optional>
#include <utility>

#include "grantd/failpoint.h"

namespace grant {
namespace {

using failpoint::Point;

// A job's view of the connection. A database-level failure may undo the whole transaction, and what
// ran after it would then commit on its own; so nothing runs once the transaction is gone.
class JobConnection : public sql::Connection {
 public:
  explicit JobConnection(sql::Connection& inner) : inner_(inner) {}

  Result<std::vector<sql::Row>> Query(std::string_view text,
                                      const std::vector<sql::Value>& values) override {
    return Guarded([&] { return inner_.Query(text, values); });
  }
  Result<int64_t> Execute(std::string_view text, const std::vector<sql::Value>& values) override {
    return Guarded([&] { return inner_.Execute(text, values); });
  }
  Status Script(std::string_view text) override {
    return Guarded([&] { return inner_.Script(text); });
  }
  bool InTransaction() const override { return inner_.InTransaction(); }

  // Why the transaction is gone.
  const std::optional<Error>& loss() const { return loss_; }

 private:
  template <typename Call>
  auto Guarded(Call&& call) -> decltype(call()) {
    if (loss_) return tl::make_unexpected(*loss_);
    auto result = call();
    if (!inner_.InTransaction()) {
      loss_ =
          result ? Error{Code::kUnavailable, "the transaction ended early", ""} : result.error();
    }
    return result;
  }

  sql::Connection& inner_;
  std::optional<Error> loss_;
};

// Whatever ended it, to those who wrote it is one thing: the store cannot serve now.
Error NotDurable(const Error& cause) {
  return {Code::kUnavailable, "the write could not be made durable: " + cause.message, cause.hint};
}

}  // namespace

Writer::Writer(std::unique_ptr<sql::Connection> connection, WriterOptions options)
    : connection_(std::move(connection)),
      options_(std::move(options)),
      thread_([this] { Loop(); }) {}

Writer::~Writer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Status Writer::Write(Work work) {
  if (std::this_thread::get_id() == thread_.get_id()) {
    return Fail(Code::kInternal, "a write inside a write would wait for itself");
  }
  // Shared, since the writer may still be leaving set_value when the waiting caller goes on.
  auto outcome = std::make_shared<std::promise<Status>>();
  std::future<Status> future = outcome->get_future();
  WriteAsync(std::move(work), [outcome](Status status) { outcome->set_value(std::move(status)); });
  return future.get();
}

void Writer::WriteAsync(Work work, Done done) {
  Job job{std::move(work), std::move(done), {}};
  if (Enqueue(job)) {
    wake_.notify_one();
  } else {
    job.done(Fail(Code::kUnavailable, "too many writes are waiting for the database",
                  "check that the disk that holds state_dir keeps up"));
  }
}

bool Writer::Enqueue(Job& job) {
  std::lock_guard lock(mutex_);
  if (queue_.size() >= options_.queued_max) return false;
  queue_.push_back(std::move(job));
  return true;
}

std::vector<Writer::Job> Writer::NextBatch() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  const auto end =
      queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), options_.batch_max));
  std::vector<Job> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return batch;
}

void Writer::Loop() {
  // An empty batch means that the writer is to stop and that nothing waits any more.
  for (std::vector<Job> batch = NextBatch(); !batch.empty(); batch = NextBatch()) Finish(batch);
}

void Writer::Finish(std::vector<Job>& batch) {
  const Status committed = RunTransaction(batch);
  for (Job& job : batch) {
    // The work may hold on to things of the caller, who goes on as soon as it is told the outcome.
    job.work = nullptr;
    // Also where the work failed by itself: what it saw may have been the writes of others that are
    // now undone.
    if (!committed) job.outcome = committed;
    job.done(std::move(job.outcome));
  }
}

Status Writer::RunTransaction(std::vector<Job>& batch) {
  if (Status admitted = Admit(); !admitted) {
    return tl::make_unexpected(NotDurable(admitted.error()));
  }
  const Result<bool> committed = RunJobs(batch);
  if (!committed) Abandon();
  if (options_.guard != nullptr) options_.guard->After(committed.value_or(false));
  if (committed) return {};
  return tl::make_unexpected(NotDurable(committed.error()));
}

Status Writer::Admit() {
  if (options_.guard == nullptr) return {};
  GRANT_CHECK(options_.guard->Before());
  if (!connection_->InDoubt()) return {};
  GRANT_TRY(connection_, options_.guard->Reconnect());
  return {};
}

// Whether anything was committed.
Result<bool> Writer::RunJobs(std::vector<Job>& batch) {
  GRANT_CHECK(connection_->Execute(options_.begin, {}));
  if (batch.size() == 1) return RunAlone(batch.front());
  for (Job& job : batch) GRANT_CHECK(RunJob(job));
  GRANT_CHECK(Commit());
  return true;
}

// Nobody else's writes are in the transaction, so it is what is undone where the job fails.
Result<bool> Writer::RunAlone(Job& job) {
  JobConnection connection(*connection_);
  job.outcome = RunWork(job.work, connection);
  if (connection.loss()) return tl::make_unexpected(*connection.loss());
  if (!job.outcome) {
    GRANT_CHECK(connection_->Execute("ROLLBACK", {}));
    return false;
  }
  GRANT_CHECK(Commit());
  return true;
}

Status Writer::Commit() {
  if (options_.guard != nullptr) GRANT_CHECK(options_.guard->BeforeCommit(*connection_));
  failpoint::Reach(Point::kCommitBefore);
  GRANT_CHECK(connection_->Execute("COMMIT", {}));
  failpoint::Reach(Point::kCommitAfter);
  return {};
}

// An error says that the transaction of all jobs is lost; the job's own error is in its outcome.
Status Writer::RunJob(Job& job) {
  GRANT_CHECK(connection_->Execute("SAVEPOINT job", {}));
  JobConnection connection(*connection_);
  job.outcome = RunWork(job.work, connection);
  if (connection.loss()) return tl::make_unexpected(*connection.loss());
  if (!job.outcome) GRANT_CHECK(connection_->Execute("ROLLBACK TO SAVEPOINT job", {}));
  GRANT_CHECK(connection_->Execute("RELEASE SAVEPOINT job", {}));
  return {};
}

// A ROLLBACK that fails is tried again after the next BEGIN, which then fails as well.
void Writer::Abandon() {
  if (connection_->InTransaction()) (void)connection_->Execute("ROLLBACK", {});
}

}  // namespace grant
