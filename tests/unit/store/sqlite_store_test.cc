#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "grantd/store/audit_chain.h"
#include "grantd/store/schema.h"
#include "grantd/store/store.h"
#include "grantd/store/work.h"
#include "store_testing.h"

namespace grant {
namespace {

constexpr uint32_t kCount = 200;

Work Adding(const std::string& subject) {
  return [subject](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendAudit(SomeEvent(subject)));
    return {};
  };
}

int64_t Entries(Store& store) {
  int64_t entries = -1;
  Must(store.Read([&entries](Tables& tables) -> Status {
    GRANT_TRY(const ChainReport report, VerifyChain(tables));
    EXPECT_EQ(report.fault, std::nullopt);
    entries = report.entries;
    return {};
  }));
  return entries;
}

TEST(SqliteStore, WhatWasWrittenIsThereAfterReopening) {
  TempDir directory;
  Must(Must(OpenSqliteStore(directory / "state"))->Write(Adding("a")));
  auto store = Must(OpenSqliteStore(directory / "state"));
  Must(store->Write(Adding("b")));
  EXPECT_EQ(Entries(*store), 2);
}

TEST(SqliteStore, FilesAreForItsUserAlone) {
  TempDir directory;
  auto store = Must(OpenSqliteStore(directory.path()));
  Must(store->Write(Adding("a")));
  for (const char* name : {"grantd.db", "grantd.db-wal", "grantd.db-shm", "grantd.lock"}) {
    struct stat status = {};
    ASSERT_EQ(stat((directory / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600U) << name;
  }
}

TEST(SqliteStore, SecondOpenerIsRefused) {
  TempDir directory;
  auto store = Must(OpenSqliteStore(directory.path()));
  const Error error = ErrorOf(OpenSqliteStore(directory.path()));
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_THAT(error.message, testing::HasSubstr("another grantd uses"));
  store.reset();
  EXPECT_TRUE(OpenSqliteStore(directory.path()));
}

TEST(SqliteStore, LaterSchemaIsRefusedUntouched) {
  TempDir directory;
  const std::string path = directory / "grantd.db";
  Must(OpenSqliteStore(directory.path()));
  Must(Must(SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite))
           ->Execute("UPDATE meta SET setting = '999'", {}));
  const std::string before = ReadFile(path);
  const Error error = ErrorOf(OpenSqliteStore(directory.path()));
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_THAT(error.message, testing::HasSubstr("version 999"));
  EXPECT_EQ(ReadFile(path), before);
}

TEST(SqliteStore, ForeignFileIsRefusedUntouched) {
  TempDir directory;
  const std::string path = directory / "grantd.db";
  MakeEmptyFile(path);
  Must(Must(SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite))
           ->Script("CREATE TABLE recipes (id BIGINT)"));
  const std::string before = ReadFile(path);
  EXPECT_THAT(OpenSqliteStore(directory.path()), FailsWith(Code::kInvalid));
  EXPECT_EQ(ReadFile(path), before);
}

TEST(SqliteStore, DamagedDatabaseIsAnError) {
  TempDir directory;
  const std::string path = directory / "grantd.db";
  Must(OpenSqliteStore(directory.path()));
  std::string content = ReadFile(path);
  for (size_t i = 4096; i < content.size(); ++i) content[i] = 'x';
  WriteFile(path, content);
  const Error error = ErrorOf(OpenSqliteStore(directory.path()));
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_THAT(error.message, testing::HasSubstr("damaged"));
}

TEST(SqliteStore, ReadsDoNotWaitForAWrite) {
  TempDir directory;
  auto store = Must(OpenSqliteStore(directory.path()));
  Must(store->Write([&store](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendAudit(SomeEvent("not committed yet")));
    std::thread reader([&store] { EXPECT_EQ(Entries(*store), 0); });
    reader.join();
    return {};
  }));
  EXPECT_EQ(Entries(*store), 1);
}

TEST(SqliteStore, AWriteIsVisibleWhenItIsSaidToBeDurable) {
  TempDir directory;
  auto store = Must(OpenSqliteStore(directory.path()));
  int64_t seen = -1;
  Must(store->Write(Adding("a"), [&] { std::thread([&] { seen = Entries(*store); }).join(); }));
  EXPECT_EQ(seen, 1);
}

TEST(GrantCount, ManyThreadsNeverExceedIt) {
  TempDir directory;
  auto store = Must(OpenSqliteStore(directory.path()));
  Grant grant = SomeGrant(1);
  grant.max_signings = kCount;
  Must(store->Write([&grant](Tables& tables) -> Status {
    Issue(tables, grant);
    return {};
  }));
  std::atomic<uint32_t> spent = 0;
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (bool more = true; more;) {
        Must(store->Write([&](Tables& tables) -> Status {
          GRANT_TRY(more, tables.SpendUse(grant.id, At(1500)));
          if (more) GRANT_CHECK(tables.AppendAudit(SomeEvent(grant.id)));
          return {};
        }));
        if (more) ++spent;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(spent, kCount);
  EXPECT_EQ(Entries(*store), int64_t{kCount});
  Must(store->Read([&grant](Tables& tables) -> Status {
    EXPECT_EQ(Must(tables.FindGrant(grant.id))->used, kCount);
    return {};
  }));
}

}  // namespace
}  // namespace grant
