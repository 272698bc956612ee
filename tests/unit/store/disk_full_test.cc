// A disk without space refuses writes, keeps what it had, and serves again when there is space.
#include <future>

#include "file_size_limit.h"
#include "grantd/store/audit_chain.h"
#include "grantd/store/store.h"
#include "grantd/store/writer.h"
#include "held_writes.h"
#include "store_testing.h"

namespace grant {
namespace {

// One write that is whole or not there: two entries with the same subject.
Status AddPair(Tables& tables, const std::string& subject) {
  AuditEvent event = SomeEvent(subject);
  event.detail = std::string(2000, 'x');
  GRANT_CHECK(tables.AppendAudit(event));
  GRANT_CHECK(tables.AppendAudit(event));
  return {};
}

Work AddingPair(const std::string& subject) {
  return [subject](Tables& tables) { return AddPair(tables, subject); };
}

void ExpectPairsAndIntactChain(Tables& tables, int64_t pairs) {
  const ChainReport report = Must(VerifyChain(tables));
  EXPECT_EQ(report.fault, std::nullopt);
  EXPECT_EQ(report.entries, 2 * pairs);
}

class FullDatabase : public testing::Test {
 protected:
  FullDatabase() {
    auto connection = database_.Another(SqliteConnection::Mode::kReadWrite);
    connection_ = connection.get();
    writer_ = std::make_unique<Writer>(std::move(connection));
  }

  // Called while the writer has nothing to do, hence does not use the connection.
  void LimitPages(int64_t more) {
    const int64_t now = Must(connection_->Query("PRAGMA page_count", {}))[0].integer(0);
    Must(connection_->Query("PRAGMA max_page_count = " + std::to_string(now + more), {}));
  }
  // Writes pairs until one is refused; returns how many were taken.
  int64_t Fill(Error& error) {
    for (int64_t pairs = 0; pairs < 10'000; ++pairs) {
      if (Status status = writer_->Write(AddingPair("pair")); !status) {
        error = status.error();
        return pairs;
      }
    }
    return -1;
  }

  Database database_;
  SqliteConnection* connection_ = nullptr;
  std::unique_ptr<Writer> writer_;
};

TEST_F(FullDatabase, RefusesKeepsWhatItHadAndRecovers) {
  LimitPages(20);
  Error error;
  const int64_t pairs = Fill(error);
  ASSERT_GT(pairs, 0);
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_THAT(error.message, testing::HasSubstr("no space"));
  EXPECT_THAT(error.hint, testing::HasSubstr("free space"));
  ExpectPairsAndIntactChain(database_.tables(), pairs);
  LimitPages(1000);
  Must(writer_->Write(AddingPair("after")));
  ExpectPairsAndIntactChain(database_.tables(), pairs + 1);
}

// The failing statement undoes the whole transaction, also of those who wrote before it.
TEST_F(FullDatabase, NobodyWhoSharedTheTransactionBelievesInIt) {
  LimitPages(20);
  Error error;
  const int64_t pairs = Fill(error);
  HeldWrites writes(*writer_);
  writes.Block();
  writes.Write([](Tables& tables) -> Status {
    GRANT_TRY(auto head, tables.LastAudit());
    (void)head;
    return {};
  });
  writes.Write([](Tables& tables) -> Status {
    // Tries to go on after the failure, as if its writes were still in a transaction.
    while (AddPair(tables, "swallowed")) continue;
    (void)tables.AppendRules(Rules(), Who("unix:root"), At(1));
    return {};
  });
  writes.Write(AddingPair("after"));
  for (const Status& outcome : writes.Release()) {
    EXPECT_THAT(outcome, FailsWith(Code::kUnavailable));
  }
  ExpectPairsAndIntactChain(database_.tables(), pairs);
  EXPECT_EQ(database_.Count("rules_version"), 0);
}

TEST(FullFileSystem, StoreRefusesKeepsWhatItHadAndRecovers) {
  TempDir directory;
  auto store = Must(OpenSqliteStore(directory.path()));
  int64_t pairs = 0;
  {
    FileSizeLimit limit(rlim_t{512} * 1024);
    Status status;
    while ((status = store->Write(AddingPair("pair")))) ASSERT_LT(++pairs, 10'000);
    EXPECT_THAT(status, FailsWith(Code::kUnavailable));
    EXPECT_THAT(store->Write(AddingPair("again")), FailsWith(Code::kUnavailable));
    // To look at the files is no sign that they can be written.
    EXPECT_THAT(store->Rest(), FailsWith(Code::kUnavailable));
    EXPECT_TRUE(store->Writing().failure);
  }
  ASSERT_GT(pairs, 0);
  const auto check = [&pairs](Tables& tables) -> Status {
    ExpectPairsAndIntactChain(tables, pairs);
    return {};
  };
  Must(store->Read(check));
  Must(store->Write(AddingPair("after")));
  ++pairs;
  store.reset();
  Must(Must(OpenSqliteStore(directory.path()))->Read(check));
}

}  // namespace
}  // namespace grant
