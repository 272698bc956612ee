#include "grantd/store/gathering_vfs.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/unit/store/file_size_limit.h"
#include "tests/unit/store/store_testing.h"

namespace grant {
namespace {

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};

class GatheringVfsTest : public testing::Test {
 protected:
  // With so few pages in memory that a transaction has to write to the log before it ends.
  void SetUp() override {
    database_ = Open();
    ASSERT_TRUE(
        Do("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = 10;"
           "PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)"));
    ASSERT_TRUE(Insert(0, 100));
  }

  std::unique_ptr<sqlite3, Close> Open() {
    sqlite3* raw = nullptr;
    EXPECT_EQ(sqlite3_open_v2(path_.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                              GatheringVfs()),
              SQLITE_OK);
    return std::unique_ptr<sqlite3, Close>(raw);
  }
  bool Do(const std::string& sql) {
    return sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  bool Insert(int from, int rows) {
    return Do("WITH RECURSIVE c(n) AS (SELECT " + std::to_string(from) +
              " UNION ALL SELECT n + 1 FROM c WHERE n + 1 < " + std::to_string(from + rows) +
              ") INSERT INTO t SELECT n, hex(zeroblob(1000)) FROM c");
  }
  static std::string Ask(sqlite3* database, const char* sql) {
    std::string answer;
    sqlite3_exec(
        database, sql,
        [](void* to, int, char** values, char**) {
          *static_cast<std::string*>(to) = values[0];
          return 0;
        },
        &answer, nullptr);
    return answer;
  }

  TempDir directory_;
  std::string path_ = directory_.path() + "/test.db";
  std::unique_ptr<sqlite3, Close> database_;
};

TEST_F(GatheringVfsTest, WhatIsCommittedIsThereForOthersAndAfterwards) {
  EXPECT_EQ(Ask(Open().get(), "SELECT COUNT(*) FROM t"), "100");
  database_.reset();
  EXPECT_EQ(Ask(Open().get(), "SELECT COUNT(*) FROM t"), "100");
}

TEST_F(GatheringVfsTest, AWriteThatFailedLateIsNeverCommittedInPart) {
  for (const int rows : {50, 100, 200, 400, 800}) {
    ASSERT_TRUE(Do("BEGIN IMMEDIATE"));
    ASSERT_TRUE(Insert(1000, 30));
    bool inserted = false;
    {
      const FileSizeLimit limit(std::filesystem::file_size(path_ + "-wal") + 60'000);
      inserted = Insert(2000, rows);
    }
    // There is room again, and whoever missed the error goes on.
    const bool committed = Do("COMMIT");
    if (!committed) Do("ROLLBACK");
    const auto other = Open();
    EXPECT_EQ(Ask(other.get(), "PRAGMA integrity_check"), "ok") << rows;
    const std::string count = Ask(other.get(), "SELECT COUNT(*) FROM t");
    EXPECT_EQ(count, committed ? std::to_string(130 + (inserted ? rows : 0)) : "100") << rows;
    EXPECT_FALSE(inserted && committed && rows > 200) << "the limit was not reached";
    ASSERT_TRUE(Do("DELETE FROM t WHERE n >= 1000")) << rows;
  }
  EXPECT_TRUE(Insert(1000, 10)) << "once there is room all is as before";
  EXPECT_EQ(Ask(Open().get(), "SELECT COUNT(*) FROM t"), "110");
}

}  // namespace
}  // namespace grant
