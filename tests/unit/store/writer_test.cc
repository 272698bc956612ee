#include "grantd/store/writer.h"

#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>

#include "held_writes.h"
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
    writes_.emplace(*writer_);
    writes_->Block();
  }
  void Write(Work work) { writes_->Write(std::move(work)); }
  // The outcomes of what was written since Block(), in that order.
  std::vector<Status> Release() { return writes_->Release(); }
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
  std::string failing_;  // a statement; set while the writer is idle or blocked
  std::atomic<int> commits_ = 0;
  std::unique_ptr<Writer> writer_;
  std::optional<HeldWrites> writes_;
};

TEST_F(WriterTest, WriteReturnsWhenItIsCommitted) {
  Start();
  Must(writer_->Write(Adding("a")));
  EXPECT_THAT(Subjects(), ElementsAre("a"));
}

TEST_F(WriterTest, OwnErrorUndoesItsOwnWritesAlone) {
  Start();
  Block();
  Write(Adding("a"));
  Write(AddingInVain("b"));
  Write(Adding("c"));
  const auto all = Release();
  EXPECT_TRUE(all[0]);
  EXPECT_THAT(all[1], FailsWith(Code::kForbidden));
  EXPECT_TRUE(all[2]);
  EXPECT_THAT(Subjects(), ElementsAre("a", "c"));
  EXPECT_EQ(commits_, 2);
}

TEST_F(WriterTest, ExceptionIsTheErrorOfItsOwnWorkAlone) {
  Start();
  Block();
  Write([](Tables& tables) -> Status {
    Must(tables.AppendAudit(SomeEvent("thrown away")));
    throw std::runtime_error("surprise");
  });
  Write([](Tables&) -> Status { throw 7; });
  Write(Adding("kept"));
  const auto all = Release();
  EXPECT_THAT(all[0], FailsWith(Code::kInternal));
  EXPECT_THAT(ErrorOf(all[0]).message, testing::HasSubstr("surprise"));
  EXPECT_THAT(all[1], FailsWith(Code::kInternal));
  EXPECT_TRUE(all[2]);
  EXPECT_THAT(Subjects(), ElementsAre("kept"));
}

TEST_F(WriterTest, WritesThatWaitShareACommit) {
  Start();
  Block();
  for (int i = 0; i < 100; ++i) Write(Adding("x"));
  for (const Status& status : Release()) EXPECT_TRUE(status);
  EXPECT_EQ(commits_, 2);
  EXPECT_EQ(Subjects().size(), 100U);
}

TEST_F(WriterTest, BatchesAreBounded) {
  WriterOptions options;
  options.batch_max = 10;
  Start(options);
  Block();
  for (int i = 0; i < 35; ++i) Write(Adding("x"));
  Release();
  EXPECT_EQ(commits_, 1 + 4);
}

TEST_F(WriterTest, WhoHearsThatItIsDurableFindsItCommittedAndNobodyToldYet) {
  Start();
  Block();
  std::vector<std::string> committed;
  Write(Adding("a"));
  writes_->Write(Adding("b"), [&] {
    committed = Subjects();
    EXPECT_EQ(writer_->pending(), 3U) << "nobody has been told";
  });
  Write(Adding("c"));
  for (const Status& status : Release()) EXPECT_TRUE(status);
  EXPECT_THAT(committed, ElementsAre("a", "b", "c"));
}

TEST_F(WriterTest, NobodyHearsThatAnUndoneWriteIsDurable) {
  Start();
  failing_ = "COMMIT";
  EXPECT_FALSE(writer_->Write(Adding("a"), [] { ADD_FAILURE(); }));
  failing_.clear();
  EXPECT_FALSE(writer_->Write(AddingInVain("b"), [] { ADD_FAILURE(); }));
}

TEST_F(WriterTest, GenerationChangesWithRightsAlone) {
  Start();
  const uint64_t before = writer_->generation();
  Must(writer_->Write(Adding("a")));
  EXPECT_EQ(writer_->generation(), before);
  for (const Work& work :
       std::vector<Work>{[](Tables& tables) {
                           Issue(tables, SomeGrant(1));
                           return Status();
                         },
                         [](Tables& tables) -> Status {
                           GRANT_TRY(const bool counted, tables.SpendUse(GrantId(1), At(1500)));
                           EXPECT_TRUE(counted);
                           return tables.ReturnUse(GrantId(1));
                         },
                         [](Tables& tables) -> Status {
                           GRANT_CHECK(tables.AppendRules(Rules(), Who("unix:root"), At(1)));
                           return {};
                         }}) {
    const uint64_t generation = writer_->generation();
    Must(writer_->Write(work));
    EXPECT_NE(writer_->generation(), generation);
  }
}

TEST_F(WriterTest, ManyThreadsLoseNothing) {
  Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 100; ++n) Must(writer_->Write(Adding("x")));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Subjects().size(), 800U);
  EXPECT_EQ(writer_->pending(), 0U);
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
  Write(Adding("a"));
  Write(AddingInVain("b"));
  failing_ = "COMMIT";
  const auto all = Release();
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
    Start();
    Block();
    Write(Adding("x"));
    Write(AddingInVain("y"));
    failing_ = statement;
    for (const Status& outcome : Release()) {
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
