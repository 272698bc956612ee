#include "grantd/store/sqlite_connection.h"

#include "store_testing.h"

namespace grant {
namespace {

using Mode = SqliteConnection::Mode;

class SqliteConnectionTest : public testing::Test {
 protected:
  SqliteConnectionTest() {
    MakeEmptyFile(path_);
    sql_ = Must(SqliteConnection::Open(path_, Mode::kReadWrite));
    Must(
        sql_->Script("CREATE TABLE parent (id TEXT NOT NULL PRIMARY KEY);"
                     "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, word TEXT, "
                     "parent TEXT REFERENCES parent (id), CHECK (id < 100));"));
  }

  TempDir directory_;
  std::string path_ = directory_ / "test.db";
  std::unique_ptr<SqliteConnection> sql_;
};

// The log is written in pieces of their own.
TEST_F(SqliteConnectionTest, ACommitOfAnySizeIsWholeToOthers) {
  Must(sql_->Query("PRAGMA journal_mode = WAL", {}));
  auto other = Must(SqliteConnection::Open(path_, Mode::kReadOnly));
  int64_t rows = 0;
  for (const size_t bytes : {size_t{10}, size_t{4000}, size_t{100'000}, size_t{1'000'000}}) {
    Must(sql_->Execute("INSERT INTO parent (id) VALUES ($1)", {std::string(bytes, 'x')}));
    EXPECT_EQ(Must(other->Query("SELECT COUNT(*) FROM parent", {}))[0].integer(0), ++rows);
  }
  EXPECT_EQ(Must(other->Query("PRAGMA integrity_check", {}))[0].text(0), "ok");
  other.reset();
  sql_.reset();
  sql_ = Must(SqliteConnection::Open(path_, Mode::kReadWrite));
  EXPECT_EQ(Must(sql_->Query("SELECT COUNT(*) FROM parent", {}))[0].integer(0), rows);
}

TEST_F(SqliteConnectionTest, ParametersAreTakenByTheirNumber) {
  const auto rows = Must(sql_->Query("SELECT $2, $1, $2, $3", {int64_t{1}, "two", sql::Null()}));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].text(0), "two");
  EXPECT_EQ(rows[0].integer(1), 1);
  EXPECT_EQ(rows[0].text(2), "two");
  EXPECT_TRUE(rows[0].is_null(3));
  EXPECT_EQ(rows[0].maybe_integer(0), std::nullopt);
}

TEST_F(SqliteConnectionTest, MoreThanNineParametersKeepTheirOrder) {
  std::vector<sql::Value> values;
  for (int64_t i = 1; i <= 12; ++i) values.emplace_back(i);
  const auto rows =
      Must(sql_->Query("SELECT $12, $1, $11, $2, $3, $4, $5, $6, $7, $8, $9, $10", values));
  EXPECT_EQ(rows[0].integer(0), 12);
  EXPECT_EQ(rows[0].integer(1), 1);
  EXPECT_EQ(rows[0].integer(2), 11);
}

TEST_F(SqliteConnectionTest, WrongNumberOfValuesIsAFault) {
  EXPECT_THAT(sql_->Query("SELECT $1", {}), FailsWith(Code::kInternal));
  EXPECT_THAT(sql_->Query("SELECT $1", {int64_t{1}, int64_t{2}}), FailsWith(Code::kInternal));
  EXPECT_THAT(sql_->Query("SELECT ?", {int64_t{1}}), FailsWith(Code::kInternal));
}

TEST_F(SqliteConnectionTest, TextsAndIntegersComeBackAsTheyWere) {
  const std::string odd("a\0'\"%_\xc3\xa9", 8);
  Must(sql_->Execute("INSERT INTO thing (id, word) VALUES ($1, $2)",
                     {std::numeric_limits<int64_t>::min(), odd}));
  Must(sql_->Execute("INSERT INTO thing (id, word) VALUES ($1, $2)", {int64_t{1}, ""}));
  const auto rows = Must(sql_->Query("SELECT id, word FROM thing ORDER BY id", {}));
  EXPECT_EQ(rows[0].integer(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(rows[0].text(1), odd);
  EXPECT_EQ(rows[1].text(1), "");
}

TEST_F(SqliteConnectionTest, ExecuteCountsTheRowsItChanged) {
  EXPECT_EQ(Must(sql_->Execute("INSERT INTO thing (id) VALUES (1), (2), (3)", {})), 3);
  EXPECT_EQ(Must(sql_->Execute("UPDATE thing SET word = 'x' WHERE id > $1", {int64_t{1}})), 2);
  EXPECT_EQ(Must(sql_->Execute("UPDATE thing SET word = 'x' WHERE id > $1", {int64_t{9}})), 0);
}

TEST_F(SqliteConnectionTest, UniqueAndForeignKeysAreConflicts) {
  const std::string insert = "INSERT INTO thing (id, parent) VALUES ($1, $2)";
  Must(sql_->Execute(insert, {int64_t{1}, sql::Null()}));
  EXPECT_THAT(sql_->Execute(insert, {int64_t{1}, sql::Null()}), FailsWith(Code::kConflict));
  EXPECT_THAT(sql_->Execute(insert, {int64_t{2}, "nobody"}), FailsWith(Code::kConflict));
}

TEST_F(SqliteConnectionTest, OtherConstraintsAndBadSqlAreFaults) {
  EXPECT_THAT(sql_->Execute("INSERT INTO thing (id) VALUES (100)", {}), FailsWith(Code::kInternal));
  EXPECT_THAT(sql_->Query("SELECT nothing FROM nowhere", {}), FailsWith(Code::kInternal));
  EXPECT_THAT(sql_->Query("SELECT 1; SELECT 2", {}), FailsWith(Code::kInternal));
  EXPECT_THAT(sql_->Query("", {}), FailsWith(Code::kInternal));
  EXPECT_THAT(sql_->Script("SELECT 1; NONSENSE"), FailsWith(Code::kInternal));
}

TEST_F(SqliteConnectionTest, StatementsAreUsableAfterAFailure) {
  const std::string insert = "INSERT INTO thing (id) VALUES ($1)";
  Must(sql_->Execute(insert, {int64_t{1}}));
  EXPECT_THAT(sql_->Execute(insert, {int64_t{1}}), FailsWith(Code::kConflict));
  EXPECT_EQ(Must(sql_->Execute(insert, {int64_t{2}})), 1);
}

TEST_F(SqliteConnectionTest, AnyNumberOfDifferentStatementsCanRun) {
  for (int i = 0; i < 500; ++i) {
    const auto rows = Must(sql_->Query("SELECT " + std::to_string(i), {}));
    EXPECT_EQ(rows[0].integer(0), i);
  }
}

TEST_F(SqliteConnectionTest, TransactionIsSeen) {
  EXPECT_FALSE(sql_->InTransaction());
  Must(sql_->Execute("BEGIN", {}));
  EXPECT_TRUE(sql_->InTransaction());
  Must(sql_->Execute("ROLLBACK", {}));
  EXPECT_FALSE(sql_->InTransaction());
}

TEST_F(SqliteConnectionTest, ReaderCannotWrite) {
  auto reader = Must(SqliteConnection::Open(path_, Mode::kReadOnly));
  const Error error = ErrorOf(reader->Execute("INSERT INTO thing (id) VALUES (1)", {}));
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_THAT(error.message, testing::HasSubstr("read-only"));
}

TEST_F(SqliteConnectionTest, SymbolicLinkIsRefused) {
  std::filesystem::create_symlink(path_, directory_ / "link.db");
  EXPECT_THAT(SqliteConnection::Open(directory_ / "link.db", Mode::kReadWrite),
              FailsWith(Code::kUnavailable));
}

TEST_F(SqliteConnectionTest, MissingFileIsNotMade) {
  EXPECT_THAT(SqliteConnection::Open(directory_ / "absent.db", Mode::kReadWrite),
              FailsWith(Code::kUnavailable));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "absent.db"));
}

TEST_F(SqliteConnectionTest, DamagedFileIsSaidToBeDamaged) {
  const std::string path = directory_ / "garbage.db";
  WriteFile(path, std::string(8192, 'x'));
  auto sql = SqliteConnection::Open(path, Mode::kReadWrite);
  const Error error = sql ? ErrorOf((*sql)->Query("SELECT * FROM thing", {})) : sql.error();
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_THAT(error.message, testing::HasSubstr("damaged"));
  EXPECT_THAT(error.hint, testing::HasSubstr("backup"));
}

TEST_F(SqliteConnectionTest, TriggersInTheFileDoNotRun) {
  Must(
      sql_->Script("CREATE TRIGGER forge AFTER INSERT ON parent BEGIN "
                   "INSERT INTO thing (id) VALUES (7); END"));
  Must(sql_->Execute("INSERT INTO parent (id) VALUES ('p')", {}));
  EXPECT_TRUE(Must(sql_->Query("SELECT * FROM thing", {})).empty());
}

TEST_F(SqliteConnectionTest, LockedByAnotherProgramIsUnavailable) {
  auto other = Must(SqliteConnection::Open(path_, Mode::kReadWrite));
  Must(other->Script("BEGIN EXCLUSIVE"));
  Must(sql_->Query("PRAGMA busy_timeout = 1", {}));
  const Error error = ErrorOf(sql_->Execute("BEGIN IMMEDIATE", {}));
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_THAT(error.message, testing::HasSubstr("locked"));
}

TEST_F(SqliteConnectionTest, NoSpaceIsUnavailable) {
  Must(sql_->Query("PRAGMA max_page_count = 1", {}));
  Error error;
  for (int64_t i = 0; i < 99 && error.message.empty(); ++i) {
    auto done =
        sql_->Execute("INSERT INTO thing (id, word) VALUES ($1, $2)", {i, std::string(4096, 'x')});
    if (!done) error = done.error();
  }
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_THAT(error.message, testing::HasSubstr("no space"));
  EXPECT_THAT(error.hint, testing::HasSubstr(path_));
}

}  // namespace
}  // namespace grant
