#include "grantd/store/writer.h"

#include <atomic>
#include <deque>
#include <future>
#include <stdexcept>

#include "store_testing.h"

namespace grant {
namespace {

using testing::ElementsAre;

// Adds one audit entry, so that what was committed can be counted and told apart.
Work Adding(const std::string& subject) {
  return [subject](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendAudit(SomeEvent(subject)));
    return {};
  };
}

// Adds and then fails.
Work AddingInVain(const std::string& subject) {
  return [subject](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendAudit(SomeEvent(subject)));
    return Fail(Code::kForbidden, "changed my mind");
  };
}

// Outcomes in the order in which they came in.
class Outcomes {
 public:
  Writer::Done Next() {
    outcomes_.emplace_back();
    return [&promise = outcomes_.back()](Status status) { promise.set_value(std::move(status)); };
  }
  std::vector<Status> Await() {
    std::vector<Status> all;
    for (auto& promise : outcomes_) all.push_back(promise.get_future().get());
    return all;
  }

 private:
  std::deque<std::promise<Status>> outcomes_;
};

// Owns nothing: the database outlives the writer.
std::unique_ptr<sql::Connection> Watch(sql::Connection& inner, WatchedConnection::Before before) {
  return std::make_unique<WatchedConnection>(inner, std::move(before));
}

class WriterTest : public testing::Test {
 protected:
  void Start(const WriterOptions& options = {}) {
    writer_ = std::make_unique<Writer>(
        Watch(database_.sql(),
              [this](std::string_view text, const std::vector<sql::Value>&) -> Status {
                if (text == "COMMIT") ++commits_;
                if (text == failing_) return Fail(Code::kUnavailable, "the disk is gone");
                return {};
              }),
        options);
  }
  // Holds the writer in a job until Release(), so that what comes next queues up.
  void Block() {
    std::promise<void> entered;
    writer_->WriteAsync(
        [this, &entered](Tables&) -> Status {
          entered.set_value();
          released_.get_future().wait();
          return {};
        },
        [](const Status&) {});
    entered.get_future().wait();
  }
  void Release() { released_.set_value(); }
  void Stop() { writer_.reset(); }

  std::vector<std::string> Subjects() {
    auto reader = database_.Another(SqliteConnection::Mode::kReadOnly);
    std::vector<std::string> subjects;
    for (const AuditEntry& entry : Must(Tables(*reader).AuditFrom(1, 1000))) {
      subjects.push_back(entry.event.subject);
    }
    return subjects;
  }

  Database database_;
  std::promise<void> released_;
  std::string failing_;  // a statement; set while the writer is idle or blocked
  std::atomic<int> commits_ = 0;
  std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, WriteReturnsWhenItIsCommitted) {
  Start();
  Must(writer_->Write(Adding("a")));
  EXPECT_THAT(Subjects(), ElementsAre("a"));
}

TEST_F(WriterTest, OwnErrorUndoesItsOwnWritesAlone) {
  Start();
  Block();
  Outcomes outcomes;
  writer_->WriteAsync(Adding("a"), outcomes.Next());
  writer_->WriteAsync(AddingInVain("b"), outcomes.Next());
  writer_->WriteAsync(Adding("c"), outcomes.Next());
  Release();
  const auto all = outcomes.Await();
  EXPECT_TRUE(all[0]);
  EXPECT_THAT(all[1], FailsWith(Code::kForbidden));
  EXPECT_TRUE(all[2]);
  EXPECT_THAT(Subjects(), ElementsAre("a", "c"));
  EXPECT_EQ(commits_, 2);
}

TEST_F(WriterTest, ExceptionIsTheErrorOfItsOwnWorkAlone) {
  Start();
  Block();
  Outcomes outcomes;
  writer_->WriteAsync(
      [](Tables& tables) -> Status {
        Must(tables.AppendAudit(SomeEvent("thrown away")));
        throw std::runtime_error("surprise");
      },
      outcomes.Next());
  writer_->WriteAsync([](Tables&) -> Status { throw 7; }, outcomes.Next());
  writer_->WriteAsync(Adding("kept"), outcomes.Next());
  Release();
  const auto all = outcomes.Await();
  EXPECT_THAT(all[0], FailsWith(Code::kInternal));
  EXPECT_THAT(ErrorOf(all[0]).message, testing::HasSubstr("surprise"));
  EXPECT_THAT(all[1], FailsWith(Code::kInternal));
  EXPECT_TRUE(all[2]);
  EXPECT_THAT(Subjects(), ElementsAre("kept"));
}

TEST_F(WriterTest, WritesThatWaitShareACommit) {
  Start();
  Block();
  Outcomes outcomes;
  for (int i = 0; i < 100; ++i) writer_->WriteAsync(Adding("x"), outcomes.Next());
  Release();
  for (const Status& status : outcomes.Await()) EXPECT_TRUE(status);
  EXPECT_EQ(commits_, 2);
  EXPECT_EQ(Subjects().size(), 100U);
}

TEST_F(WriterTest, BatchesAreBounded) {
  WriterOptions options;
  options.batch_max = 10;
  Start(options);
  Block();
  Outcomes outcomes;
  for (int i = 0; i < 35; ++i) writer_->WriteAsync(Adding("x"), outcomes.Next());
  Release();
  outcomes.Await();
  EXPECT_EQ(commits_, 1 + 4);
}

TEST_F(WriterTest, FullQueueRefuses) {
  WriterOptions options;
  options.queued_max = 3;
  Start(options);
  Block();
  Outcomes outcomes;
  for (int i = 0; i < 3; ++i) writer_->WriteAsync(Adding("x"), outcomes.Next());
  EXPECT_THAT(writer_->Write(Adding("one too many")), FailsWith(Code::kUnavailable));
  Release();
  for (const Status& status : outcomes.Await()) EXPECT_TRUE(status);
  EXPECT_EQ(Subjects().size(), 3U);
}

TEST_F(WriterTest, DestructorFinishesWhatIsQueued) {
  Start();
  Block();
  std::atomic<int> done = 0;
  for (int i = 0; i < 600; ++i) {
    writer_->WriteAsync(Adding("x"), [&done](const Status& status) { done += status ? 1 : 0; });
  }
  Release();
  Stop();
  EXPECT_EQ(done, 600);
  EXPECT_EQ(Subjects().size(), 600U);
}

TEST_F(WriterTest, DoneMayStartAnotherWrite) {
  Start();
  writer_->WriteAsync(Adding("first"), [this](const Status&) {
    writer_->WriteAsync(Adding("second"), [](const Status&) {});
  });
  Must(writer_->Write(Adding("other")));
  Stop();
  EXPECT_THAT(Subjects(), testing::UnorderedElementsAre("first", "second", "other"));
}

TEST_F(WriterTest, WriteInsideAWriteIsRefused) {
  Start();
  Status inner;
  Must(writer_->Write([&](Tables&) -> Status {
    inner = writer_->Write(Adding("x"));
    return {};
  }));
  EXPECT_THAT(inner, FailsWith(Code::kInternal));
}

TEST_F(WriterTest, FailedCommitFailsEveryoneWhoSharedIt) {
  Start();
  Block();
  Outcomes outcomes;
  writer_->WriteAsync(Adding("a"), outcomes.Next());
  writer_->WriteAsync(AddingInVain("b"), outcomes.Next());
  failing_ = "COMMIT";
  Release();
  const auto all = outcomes.Await();
  EXPECT_THAT(all[0], FailsWith(Code::kUnavailable));
  EXPECT_THAT(all[1], FailsWith(Code::kUnavailable));
  EXPECT_TRUE(Subjects().empty());
  Must(writer_->Write([this](Tables&) -> Status {
    failing_.clear();
    return {};
  }));
  Must(writer_->Write(Adding("after")));
  EXPECT_THAT(Subjects(), ElementsAre("after"));
}

TEST_F(WriterTest, FailureOfAnyStatementOfTheWriterFailsTheBatch) {
  for (const char* statement : {"BEGIN IMMEDIATE", "SAVEPOINT job", "RELEASE SAVEPOINT job",
                                "ROLLBACK TO SAVEPOINT job", "COMMIT"}) {
    released_ = {};
    Start();
    Block();
    Outcomes outcomes;
    writer_->WriteAsync(Adding("x"), outcomes.Next());
    writer_->WriteAsync(AddingInVain("y"), outcomes.Next());
    failing_ = statement;
    Release();
    for (const Status& outcome : outcomes.Await()) {
      EXPECT_THAT(outcome, FailsWith(Code::kUnavailable)) << statement;
    }
    Stop();
    failing_.clear();
    EXPECT_FALSE(database_.sql().InTransaction()) << statement;
    EXPECT_TRUE(Subjects().empty()) << statement;
  }
}

TEST_F(WriterTest, FailureOfAnyStatementOfTheWriterFailsAWriteThatIsAlone) {
  for (const char* statement : {"BEGIN IMMEDIATE", "COMMIT"}) {
    failing_ = statement;
    Start();
    EXPECT_THAT(writer_->Write(Adding("x")), FailsWith(Code::kUnavailable)) << statement;
    Stop();
    failing_.clear();
    EXPECT_FALSE(database_.sql().InTransaction()) << statement;
    EXPECT_TRUE(Subjects().empty()) << statement;
  }
}

TEST_F(WriterTest, AWriteThatFailsAloneLeavesNothing) {
  Start();
  EXPECT_FALSE(writer_->Write(AddingInVain("x")));
  EXPECT_TRUE(Subjects().empty());
  Must(writer_->Write(Adding("after")));
  EXPECT_THAT(Subjects(), ElementsAre("after"));
}

TEST_F(WriterTest, RollbackThatFailedIsTriedAgain) {
  std::atomic<bool> fail_commit = true;
  writer_ = std::make_unique<Writer>(
      Watch(database_.sql(), [&](std::string_view text, const std::vector<sql::Value>&) -> Status {
        if (text == "COMMIT" && fail_commit) return Fail(Code::kUnavailable, "no");
        if (text == "ROLLBACK" && fail_commit.exchange(false)) {
          return Fail(Code::kUnavailable, "no");
        }
        return {};
      }));
  EXPECT_THAT(writer_->Write(Adding("lost")), FailsWith(Code::kUnavailable));
  // The transaction could not be left, which this one finds and mends.
  EXPECT_THAT(writer_->Write(Adding("lost too")), FailsWith(Code::kUnavailable));
  Must(writer_->Write(Adding("kept")));
  EXPECT_THAT(Subjects(), ElementsAre("kept"));
}

}  // namespace
}  // namespace grant
