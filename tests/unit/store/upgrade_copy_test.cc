#include "grantd/store/upgrade_copy.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "file_size_limit.h"
#include "grantd/failpoint.h"
#include "grantd/store/schema.h"
#include "grantd/store/store.h"
#include "store_testing.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Mode = SqliteConnection::Mode;

constexpr int kKilled = 9;

// A state directory as an earlier grantd left it: with a request, and some pages.
class UpgradeCopy : public testing::Test {
 protected:
  UpgradeCopy() { MakeDatabase(1); }

  void MakeDatabase(int64_t version) {
    std::filesystem::remove(path_);
    MakeEmptyFile(path_);
    auto sql = Must(SqliteConnection::Open(path_, Mode::kReadWrite));
    Must(sql->Script("PRAGMA application_id = 0x67726e74"));
    Must(MigrateSchema(*sql, version));
    Must(sql->Execute(
        "INSERT INTO signing_request (id, signer, requester, status, created_at, expires_at, "
        "signings, justification, digests, policy_snapshot) VALUES ($1, 'release', 'unix:alice', "
        "'expired', 1, 2, 3, $2, '[]', '{}')",
        {RequestId(1), std::string(100'000, 'x')}));
  }

  Result<std::unique_ptr<Store>> Open() { return OpenSqliteStore(directory_.path()); }

  std::vector<std::string> Names(const std::string& beginning) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      const std::string name = entry.path().filename();
      if (name.starts_with(beginning)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::vector<std::string> Copies() const { return Names("grantd.db.v"); }

  static int64_t VersionOf(const std::string& path) {
    return Must(ReadStoredSchema(*Must(SqliteConnection::Open(path, Mode::kReadOnly)))).version;
  }
  static int64_t RequestsIn(const std::string& path) {
    auto sql = Must(SqliteConnection::Open(path, Mode::kReadOnly));
    return Must(sql->Query("SELECT COUNT(*) FROM signing_request", {}))[0].integer(0);
  }
  // Of a process that opens the store, and is killed between the copy and the migration.
  int ExitOfAnUpgradeKilledAfterItsCopy() {
    const pid_t child = fork();
    if (child == 0) {
      failpoint::Install([](const failpoint::Reached& reached) {
        if (reached.point == failpoint::Point::kUpgradeCopied) _exit(kKilled);
      });
      _exit(Open() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }

  TempDir directory_;
  std::string path_ = directory_ / "grantd.db";
};

TEST_F(UpgradeCopy, IsTheWholeDatabaseAsItWas) {
  Must(Open());
  EXPECT_EQ(VersionOf(path_), SchemaVersion());
  ASSERT_EQ(Copies().size(), 1U);
  const std::string copy = directory_ / Copies()[0];
  EXPECT_THAT(Copies()[0], testing::MatchesRegex("grantd\\.db\\.v1-[0-9]+T[0-9]+Z"));
  struct stat status = {};
  ASSERT_EQ(stat(copy.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(VersionOf(copy), 1);
  EXPECT_EQ(RequestsIn(copy), 1);
  EXPECT_THAT(Names("grantd.db.copy"), ElementsAre());
}

TEST_F(UpgradeCopy, TakesThePlaceOfTheDatabase) {
  Must(Open());
  std::filesystem::rename(directory_ / Copies()[0], path_);
  Must(Open());
  EXPECT_EQ(VersionOf(path_), SchemaVersion());
  EXPECT_EQ(RequestsIn(path_), 1);
}

TEST_F(UpgradeCopy, HasWhatIsInTheLogAlone) {
  TempDir killed;
  {
    auto sql = Must(SqliteConnection::Open(path_, Mode::kReadWrite));
    Must(sql->Query("PRAGMA journal_mode = WAL", {}));
    Must(
        sql->Execute("INSERT INTO signing_request SELECT $1, signer, requester, status, "
                     "created_at, expires_at, NULL, NULL, NULL, signings, 'late', digests, "
                     "policy_snapshot, NULL, NULL FROM signing_request",
                     {RequestId(2)}));
    for (const char* name : {"/grantd.db", "/grantd.db-wal"}) {
      std::filesystem::copy_file(directory_.path() + name, killed.path() + name);
    }
  }
  Must(OpenSqliteStore(killed.path()));
  for (const auto& entry : std::filesystem::directory_iterator(killed.path())) {
    if (!entry.path().filename().string().starts_with("grantd.db.v1-")) continue;
    EXPECT_EQ(RequestsIn(entry.path()), 2);
    return;
  }
  FAIL() << "there is no copy";
}

TEST_F(UpgradeCopy, IsNotMadeWhereNothingIsMigrated) {
  MakeDatabase(SchemaVersion());
  Must(Open());
  EXPECT_THAT(Copies(), ElementsAre());
  TempDir first_start;
  Must(OpenSqliteStore(first_start.path()));
  for (const auto& entry : std::filesystem::directory_iterator(first_start.path())) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr("grantd.db.v")));
  }
}

TEST_F(UpgradeCopy, AKillBeforeTheMigrationLosesNeitherDatabaseNorCopy) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(ExitOfAnUpgradeKilledAfterItsCopy(), kKilled);
    EXPECT_EQ(VersionOf(path_), 1);
    EXPECT_EQ(RequestsIn(path_), 1);
    ASSERT_FALSE(Copies().empty());
    for (const std::string& copy : Copies()) EXPECT_EQ(RequestsIn(directory_ / copy), 1) << copy;
  }
  Must(Open());
  EXPECT_EQ(VersionOf(path_), SchemaVersion());
  EXPECT_EQ(Copies().size(), 1U) << "one of each version is enough";
}

TEST_F(UpgradeCopy, LeftoversOfAKillDuringTheCopyDoNotMatter) {
  WriteFile(directory_ / "grantd.db.copy", std::string(100'000, 'x'));
  Must(Open());
  EXPECT_THAT(Names("grantd.db.copy"), ElementsAre());
  ASSERT_EQ(Copies().size(), 1U);
  EXPECT_EQ(RequestsIn(directory_ / Copies()[0]), 1);
}

TEST_F(UpgradeCopy, WithoutRoomForItNothingIsMigrated) {
  const std::string before = ReadFile(path_);
  {
    FileSizeLimit limit(before.size() / 2);
    const Error error = ErrorOf(Open());
    EXPECT_EQ(error.code, Code::kUnavailable);
    EXPECT_THAT(error.message, HasSubstr("cannot keep a copy of the database before its upgrade"));
    EXPECT_THAT(error.hint, HasSubstr("make room"));
  }
  EXPECT_EQ(ReadFile(path_), before);
  EXPECT_THAT(Copies(), ElementsAre());
  EXPECT_THAT(Names("grantd.db.copy"), ElementsAre());
  Must(Open());
  EXPECT_EQ(RequestsIn(path_), 1);
}

TEST_F(UpgradeCopy, TheLatestOfThreeVersionsStayAndNothingElseIsTouched) {
  MakeDatabase(4);
  for (const char* name :
       {"grantd.db.v1-20260101T000000Z", "grantd.db.v2-20260101T000000Z",
        "grantd.db.v3-20260101T000000Z", "grantd.db.v3-20260202T000000Z", "grantd.db.v1-notes",
        "grantd.db.v1", "grantd.db.v-20260101T000000Z", "grantd.db.v1-20260101T000000Z.gz"}) {
    WriteFile(directory_ / name, "a copy");
  }
  Must(Open());
  EXPECT_THAT(Copies(),
              ElementsAre("grantd.db.v-20260101T000000Z", "grantd.db.v1",
                          "grantd.db.v1-20260101T000000Z.gz", "grantd.db.v1-notes",
                          "grantd.db.v2-20260101T000000Z", "grantd.db.v3-20260202T000000Z",
                          testing::StartsWith("grantd.db.v4-")));
}

TEST_F(UpgradeCopy, ALaterSchemaIsRefusedUntouchedWithTheWayBack) {
  Must(Open());
  const std::string earlier = directory_ / Copies()[0];
  WriteFile(directory_ / "grantd.db.v99-20260101T000000Z", "of a still later one");
  const std::string later = std::to_string(SchemaVersion() + 1);
  {
    auto sql = Must(SqliteConnection::Open(path_, Mode::kReadWrite));
    Must(sql->Execute("UPDATE meta SET setting = $1 WHERE item = 'schema_version'", {later}));
    Must(sql->Execute("UPDATE meta SET setting = '9.1.0' WHERE item = 'grantd_version'", {}));
  }
  const std::string before = ReadFile(path_);
  const Error error = ErrorOf(Open());
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_THAT(error.message, HasSubstr("schema version " + later + ", which grantd 9.1.0 wrote"));
  EXPECT_THAT(error.hint, HasSubstr("install grantd 9.1.0 again"));
  EXPECT_THAT(error.hint, HasSubstr("grantctl restore " + earlier + " --reason "));
  EXPECT_EQ(ReadFile(path_), before);
}

}  // namespace
}  // namespace grant
