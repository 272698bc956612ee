#include "grantd/store/writer.h"

#include <algorithm>
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
  void NoteRightsChanged() override { rights_changed_ = true; }

  bool rights_changed() const { return rights_changed_; }
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
  bool rights_changed_ = false;
};

// Whatever ended it, to those who wrote it is one thing: the store cannot serve now.
Error NotDurable(const Error& cause) {
  return {Code::kUnavailable, "the write could not be made durable: " + cause.message, cause.hint};
}

}  // namespace

Writer::Writer(std::unique_ptr<sql::Connection> connection, WriterOptions options)
    : connection_(std::move(connection)), options_(std::move(options)) {}

void Writer::Job::Become(State next) {
  const std::lock_guard lock(mutex);
  state = next;
  changed.notify_one();
}

Writer::Job::State Writer::Job::Await() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return state != State::kWaiting; });
  return state;
}

Status Writer::Write(Work work, std::function<void()> durable) {
  if (std::this_thread::get_id() == leader_) {
    return Fail(Code::kInternal, "a write inside a write would wait for itself");
  }
  // Shared, since the leader may still be waking the waiting caller when that goes on.
  const auto job = std::make_shared<Job>(std::move(work), std::move(durable));
  bool leads = false;
  {
    const std::lock_guard lock(mutex_);
    leads = queue_.empty();
    queue_.push_back(job);
  }
  if (leads || job->Await() == Job::State::kLeading) Lead();
  return std::move(job->outcome);
}

size_t Writer::pending() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

// The caller's job is the first. What would be thrown here would leave all others waiting for ever.
void Writer::Lead() noexcept {
  leader_ = std::this_thread::get_id();
  const Batch batch = NextBatch();
  Run(batch);
  leader_ = std::thread::id();
  // The next commit begins before those of this one are told.
  if (const auto next = Leave(batch.size())) next->Become(Job::State::kLeading);
  for (size_t i = 1; i < batch.size(); ++i) batch[i]->Become(Job::State::kDone);
}

Writer::Batch Writer::NextBatch() {
  const std::lock_guard lock(mutex_);
  busy_since_ = std::chrono::steady_clock::now();
  const auto jobs = static_cast<std::ptrdiff_t>(std::min(queue_.size(), options_.batch_max));
  return {queue_.begin(), queue_.begin() + jobs};
}

// Takes the first jobs off the queue, and returns the one that is now the first.
std::shared_ptr<Writer::Job> Writer::Leave(size_t jobs) {
  const std::lock_guard lock(mutex_);
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(jobs));
  return queue_.empty() ? nullptr : queue_.front();
}

void Writer::Run(const Batch& batch) {
  const Status committed = RunTransaction(batch);
  NoteOutcome(committed);
  for (const auto& job : batch) {
    // The work may hold on to things of the caller, who goes on as soon as it is told the outcome.
    job->work = nullptr;
    // Also where the work failed by itself: what it saw may have been the writes of others that are
    // now undone.
    if (!committed) job->outcome = committed;
    if (job->outcome && job->durable) job->durable();
    job->durable = nullptr;
  }
}

void Writer::NoteOutcome(const Status& committed) {
  const std::lock_guard lock(mutex_);
  busy_since_.reset();
  failure_.reset();
  if (!committed) failure_ = committed.error();
}

WritingState Writer::State() const {
  const std::lock_guard lock(mutex_);
  WritingState state{{}, failure_};
  if (busy_since_) state.busy = std::chrono::steady_clock::now() - *busy_since_;
  return state;
}

Status Writer::RunTransaction(const Batch& batch) {
  if (Status admitted = Admit(); !admitted) {
    return tl::make_unexpected(NotDurable(admitted.error()));
  }
  rights_changed_ = false;
  const Result<bool> committed = RunJobs(batch);
  if (!committed) Abandon();
  // Whatever became of it: who reads once too often is right, too.
  if (rights_changed_) ++generation_;
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
Result<bool> Writer::RunJobs(const Batch& batch) {
  GRANT_CHECK(connection_->Execute(options_.begin, {}));
  if (batch.size() == 1) return RunAlone(*batch.front());
  for (const auto& job : batch) GRANT_CHECK(RunJob(*job));
  GRANT_CHECK(Commit());
  return true;
}

// Nobody else's writes are in the transaction, so it is what is undone where the job fails.
Result<bool> Writer::RunAlone(Job& job) {
  JobConnection connection(*connection_);
  job.outcome = RunWork(job.work, connection);
  rights_changed_ = rights_changed_ || connection.rights_changed();
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
  rights_changed_ = rights_changed_ || connection.rights_changed();
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
