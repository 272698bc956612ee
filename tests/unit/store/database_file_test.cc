#include "grantd/store/database_file.h"

#include <sys/stat.h>

#include "grantd/store/schema.h"
#include "store_testing.h"

namespace grant {
namespace {

class DatabaseFile : public testing::Test {
 protected:
  Result<std::string> Ensure() { return EnsureDatabase(state_); }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  TempDir directory_;
  StateDir state_ = Must(StateDir::Open(directory_.path()));
  std::string path_ = directory_ / "grantd.db";
};

TEST_F(DatabaseFile, IsMadeForItsUserAlone) {
  EXPECT_EQ(Must(Ensure()), path_);
  struct stat status = {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_THAT(Names(), testing::UnorderedElementsAre("grantd.lock", "grantd.db"));
  EXPECT_EQ(Must(Ensure()), path_);
}

TEST_F(DatabaseFile, LeftoversOfACrashWhileMakingItDoNotMatter) {
  WriteFile(directory_ / "grantd.db.new", "half a database");
  WriteFile(directory_ / "grantd.db.new-journal", "and its journal");
  Must(Ensure());
  EXPECT_THAT(Names(), testing::UnorderedElementsAre("grantd.lock", "grantd.db"));
  auto sql = Must(SqliteConnection::Open(path_, SqliteConnection::Mode::kReadOnly));
  EXPECT_EQ(
      Must(sql->Query("SELECT setting FROM meta WHERE item = 'schema_version'", {}))[0].text(0),
      std::to_string(SchemaVersion()));
}

TEST_F(DatabaseFile, ForeignAndGarbageFilesAreRefusedUntouched) {
  const std::string foreign = directory_ / "foreign.db";
  MakeEmptyFile(foreign);
  Must(Must(SqliteConnection::Open(foreign, SqliteConnection::Mode::kReadWrite))
           ->Script("CREATE TABLE recipes (id BIGINT)"));
  for (const std::string& content :
       {ReadFile(foreign), std::string(8192, 'x'), std::string("short"), std::string()}) {
    WriteFile(path_, content);
    const auto names = Names();
    const Error error = ErrorOf(Ensure());
    EXPECT_EQ(error.code, Code::kInvalid);
    EXPECT_THAT(error.message, testing::HasSubstr("not a grantd database"));
    EXPECT_EQ(ReadFile(path_), content);
    EXPECT_EQ(Names(), names);
  }
}

TEST_F(DatabaseFile, LinkAndDirectoryAreRefused) {
  std::filesystem::create_symlink(directory_ / "elsewhere.db", path_);
  EXPECT_THAT(Ensure(), FailsWith(Code::kInvalid));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "elsewhere.db"));
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_THAT(Ensure(), FailsWith(Code::kInvalid));
}

TEST_F(DatabaseFile, OpenToOthersIsRefused) {
  Must(Ensure());
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  const Error error = ErrorOf(Ensure());
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_THAT(error.hint, testing::HasSubstr("chmod 600"));
}

TEST_F(DatabaseFile, LogWithoutItsDatabaseIsNoFirstStart) {
  WriteFile(path_ + "-wal", "the only copy of something");
  const Error error = ErrorOf(Ensure());
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_THAT(error.message, testing::HasSubstr("grantd.db-wal"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace grant
