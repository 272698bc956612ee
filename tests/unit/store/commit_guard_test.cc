// What the store does when somebody else touches its files.
#include <unistd.h>

#include "grantd/store/store.h"
#include "store_testing.h"

namespace grant {
namespace {

using testing::HasSubstr;

class TouchedDatabase : public testing::Test {
 protected:
  TouchedDatabase() {
    Must(Append());
    Must(Append());
  }

  Status Append(size_t detail_bytes = 2) {
    AuditEvent event = SomeEvent("x");
    event.detail.assign(detail_bytes, 'x');
    return store_->Write([&event](Tables& tables) -> Status {
      GRANT_CHECK(tables.AppendAudit(event));
      return {};
    });
  }
  void ExpectRefused(const std::string& file) {
    for (int i = 0; i < 2; ++i) {
      const Status status = Append();
      EXPECT_THAT(status, FailsWith(Code::kUnavailable));
      EXPECT_THAT(ErrorOf(status).message, HasSubstr(file + " was replaced, removed or changed"));
      EXPECT_THAT(ErrorOf(status).hint, HasSubstr("stop grantd"));
    }
  }

  TempDir directory_;
  std::vector<AuditHead> committed_;
  std::unique_ptr<Store> store_ = Must(OpenSqliteStore(
      directory_.path(), [this](const AuditHead& head) { committed_.push_back(head); }));
  const std::string path_ = directory_ / "grantd.db";
};

TEST_F(TouchedDatabase, EachCommitTellsTheEndOfTheAudit) {
  ASSERT_EQ(committed_.size(), 2U);
  EXPECT_EQ(committed_[0].number, 1);
  EXPECT_EQ(committed_[1].number, 2);
  Must(store_->Read([&](Tables& tables) -> Status {
    EXPECT_EQ(Must(tables.LastAudit()).hash, committed_[1].hash);
    return {};
  }));
}

TEST_F(TouchedDatabase, AWriteThatFailsTellsNothing) {
  EXPECT_FALSE(store_->Write([](Tables&) -> Status { return Fail(Code::kConflict, "no"); }));
  EXPECT_EQ(committed_.back().number, 2);
}

TEST_F(TouchedDatabase, AnotherFileInItsPlaceIsRefused) {
  WriteFile(path_ + ".copy", ReadFile(path_));
  ASSERT_EQ(rename((path_ + ".copy").c_str(), path_.c_str()), 0);
  ExpectRefused("grantd.db");
}

TEST_F(TouchedDatabase, AnOlderCopyWrittenOverItIsRefused) {
  WriteFile(path_, ReadFile(path_));
  ExpectRefused("grantd.db");
}

TEST_F(TouchedDatabase, ALogWrittenOverWhileNothingIsWrittenIsRefused) {
  Must(store_->Rest());
  WriteFile(path_ + "-wal", ReadFile(path_ + "-wal"));
  ExpectRefused("grantd.db-wal");
}

TEST_F(TouchedDatabase, RestingWritesNothing) {
  const auto log = ReadFile(path_ + "-wal");
  Must(store_->Rest());
  Must(store_->Rest());
  EXPECT_EQ(ReadFile(path_ + "-wal"), log);
}

TEST_F(TouchedDatabase, ARemovedLogIsRefused) {
  ASSERT_EQ(unlink((path_ + "-wal").c_str()), 0);
  ExpectRefused("grantd.db-wal");
}

TEST_F(TouchedDatabase, ATruncatedLogIsRefused) {
  ASSERT_EQ(truncate((path_ + "-wal").c_str(), 0), 0);
  ExpectRefused("grantd.db-wal");
}

TEST_F(TouchedDatabase, ARowEditedByHandIsRefused) {
  auto other = Must(SqliteConnection::Open(path_, SqliteConnection::Mode::kReadWrite));
  Must(other->Execute("UPDATE audit_entry SET subject = 'y'", {}));
  ExpectRefused("grantd.db-wal");
}

TEST_F(TouchedDatabase, ReadingItByHandDisturbsNothing) {
  {
    auto other = Must(SqliteConnection::Open(path_, SqliteConnection::Mode::kReadWrite));
    Must(other->Query("SELECT COUNT(*) FROM audit_entry", {}));
  }
  Must(Append());
}

TEST_F(TouchedDatabase, TheLogMovesIntoTheDatabaseWithoutAlarm) {
  // The store does that whenever the log has 32 MiB.
  const auto size = std::filesystem::file_size(path_);
  for (int i = 0; i < 240; ++i) Must(Append(size_t{200} * 1024));
  EXPECT_GT(std::filesystem::file_size(path_), size + size_t{8} * 1024 * 1024);
  EXPECT_EQ(committed_.back().number, 242);
}

}  // namespace
}  // namespace grant
