#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "grantd/backup/backups.h"
#include "grantd/backup/restore.h"
#include "grantd/guard/mark_file.h"
#include "grantd/store/database_copy.h"
#include "grantd/store/schema.h"
#include "store_testing.h"

namespace grant {
namespace {

using testing::HasSubstr;

class BackupFiles : public testing::Test {
 protected:
  BackupFiles() : store_(Must(OpenSqliteStore(State()))) {}

  std::string State() const { return directory_ / "state"; }
  std::string Database() const { return State() + "/grantd.db"; }
  void Append(int entries) {
    for (int i = 0; i < entries; ++i) {
      Must(store_->Write([&](Tables& tables) -> Status {
        AuditEvent event = SomeEvent("grt_1");
        event.event = "test.event";
        GRANT_CHECK(tables.AppendAudit(event));
        return {};
      }));
    }
  }
  CopyReport Copy(const std::string& name) {
    return Must(CopyDatabase(Database(), directory_ / name, [] { return Status(); }));
  }
  Result<Restored> RestoreFrom(const std::string& path, const std::string& reason = "lost") {
    return Restore({State(), State() + "/grantd.mark",
                    Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC)), path, Who("unix:root"),
                    reason, At(2000)});
  }
  std::vector<AuditEntry> Entries() {
    std::vector<AuditEntry> entries;
    Must(store_->Read([&](Tables& tables) -> Status {
      GRANT_TRY(entries, tables.AuditFrom(1, 1000));
      return {};
    }));
    return entries;
  }

  TempDir directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(BackupFiles, ACopyIsOneFileWithTheLastCommitAndIsGrantdsAlone) {
  Append(40);
  const CopyReport report = Copy("copy.db");
  EXPECT_EQ(report.head.number, 40);
  struct stat status = {};
  ASSERT_EQ(stat((directory_ / "copy.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(report.bytes, status.st_size);
  for (const char* companion : {"-wal", "-shm", "-journal"}) {
    EXPECT_NE(access((directory_ / "copy.db" + companion).c_str(), F_OK), 0) << companion;
  }
  EXPECT_EQ(Must(FileHash(directory_ / "copy.db")).size(), 64U);
}

TEST_F(BackupFiles, WritingGoesOnWhileACopyIsMade) {
  Append(200);
  int asked = 0;
  // More than is written in one go, so that there is a moment in the middle.
  Must(store_->Write([](Tables& tables) -> Status {
    AuditEvent event = SomeEvent("grt_1");
    event.event = "test.event";
    event.detail = std::string(size_t{12} * 1024 * 1024, 'x');
    GRANT_CHECK(tables.AppendAudit(event));
    return {};
  }));
  const auto report = CopyDatabase(Database(), directory_ / "copy.db", [&]() -> Status {
    ++asked;
    Append(1);
    return {};
  });
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(asked, 0);
  EXPECT_EQ(report->head.number, 201) << "one snapshot, whatever is written meanwhile";
}

TEST_F(BackupFiles, ACopyThatIsGivenUpLeavesNothing) {
  Must(store_->Write([](Tables& tables) -> Status {
    AuditEvent event = SomeEvent("grt_1");
    event.detail = std::string(size_t{12} * 1024 * 1024, 'x');
    event.event = "test.event";
    GRANT_CHECK(tables.AppendAudit(event));
    return {};
  }));
  const auto stop = []() -> Status { return Fail(Code::kUnavailable, "stop"); };
  EXPECT_EQ(CopyDatabase(Database(), directory_ / "copy.db", stop).error().message, "stop");
  EXPECT_NE(access((directory_ / "copy.db").c_str(), F_OK), 0);
  Append(1);
}

TEST_F(BackupFiles, NothingIsWrittenOverAnotherFile) {
  WriteFile(directory_ / "copy.db", "mine");
  EXPECT_FALSE(CopyDatabase(Database(), directory_ / "copy.db", [] { return Status(); }));
  EXPECT_EQ(ReadFile(directory_ / "copy.db"), "mine");
}

TEST_F(BackupFiles, ExaminingFindsWhatIsNoWholeDatabaseOfGrantd) {
  Append(40);
  Copy("copy.db");
  const std::string whole = ReadFile(directory_ / "copy.db");
  const std::string path = directory_ / "other.db";
  const auto examine = [&](const std::string& content) {
    WriteFile(path, content);
    return ExamineDatabase(path).has_value();
  };
  EXPECT_TRUE(examine(whole));
  EXPECT_FALSE(examine(""));
  EXPECT_FALSE(examine("not a database"));
  EXPECT_FALSE(examine(whole.substr(0, whole.size() / 2)));
  std::string other = whole;
  other[71] ^= 1;  // whose file it is
  EXPECT_FALSE(examine(other));
  std::string edited = whole;
  edited[edited.find("RSA-PKCS")] = 'D';
  EXPECT_FALSE(examine(edited)) << "an entry of the audit";
}

TEST_F(BackupFiles, ALaterSchemaIsNotTaken) {
  Copy("copy.db");
  Must(Must(SqliteConnection::Open(directory_ / "copy.db", SqliteConnection::Mode::kReadWrite))
           ->Script("UPDATE meta SET setting = '999' WHERE item = 'schema_version'"));
  store_.reset();
  const auto refused = RestoreFrom(directory_ / "copy.db");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("schema version 999"));
}

TEST_F(BackupFiles, RestoringRecordsWhatWasLostAndKeepsWhatWasThere) {
  Append(3);
  Copy("copy.db");
  Append(4);
  const AuditEntry last = Entries().back();
  Must(MarkFile::Create(State() + "/grantd.mark", {{last.number, last.hash}, At(1900)}));
  store_.reset();
  const auto restored = RestoreFrom(directory_ / "copy.db", "the disk\nwas \"lost\"");
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->backup.number, 3);
  EXPECT_EQ(restored->mark->head.number, 7);
  EXPECT_EQ(Must(ExamineDatabase(restored->replaced + "/grantd.db")).head.number, 7);
  store_ = Must(OpenSqliteStore(State()));
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries.back().event.event, "database.restored");
  EXPECT_EQ(entries.back().event.actor, Who("unix:root"));
  const auto detail = nlohmann::json::parse(entries.back().event.detail);
  EXPECT_EQ(detail["reason"], "the disk\nwas \"lost\"");
  EXPECT_EQ(detail["lost"], 4);
  EXPECT_EQ(detail["mark"]["entry"], 7);
  EXPECT_EQ(detail["backup"]["entry"], 3);
  EXPECT_EQ(detail["sha256"], Must(FileHash(directory_ / "copy.db")));
  EXPECT_EQ(MarkFile::Open(State() + "/grantd.mark").value()->mark()->head.number, 7)
      << "the mark is left as it was";
}

TEST_F(BackupFiles, RestoringWorksWhereNothingIsLeft) {
  Append(3);
  Copy("copy.db");
  store_.reset();
  for (const char* name : {"/grantd.db", "/grantd.db-wal", "/grantd.db-shm"}) {
    unlink((State() + name).c_str());
  }
  const auto restored = RestoreFrom(directory_ / "copy.db");
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->replaced, "");
  EXPECT_EQ(restored->mark, std::nullopt);
  store_ = Must(OpenSqliteStore(State()));
  EXPECT_EQ(Entries().size(), 4U);
}

TEST_F(BackupFiles, ABackupOfAnEarlierSchemaIsBroughtUpToDate) {
  const std::string path = directory_ / "old.db";
  MakeEmptyFile(path);
  {
    auto old = Must(SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite));
    Must(old->Script("PRAGMA application_id = 1735552628"));
    Must(MigrateSchema(*old, 2));
    Must(Tables(*old).AppendAudit([] {
      AuditEvent event = SomeEvent("grt_1");
      event.event = "test.event";
      return event;
    }()));
  }
  store_.reset();
  const auto restored = RestoreFrom(path);
  ASSERT_TRUE(restored) << restored.error().message;
  store_ = Must(OpenSqliteStore(State()));
  EXPECT_EQ(Entries().size(), 2U);
}

TEST_F(BackupFiles, ADatabaseOfALaterGrantdMakesRoomForACopyAndIsKeptUntouched) {
  Append(3);
  Copy("copy.db");
  Append(4);
  store_.reset();
  Must(Must(SqliteConnection::Open(Database(), SqliteConnection::Mode::kReadWrite))
           ->Script("UPDATE meta SET setting = '999' WHERE item = 'schema_version'"));
  const std::string later = ReadFile(Database());
  const auto restored = RestoreFrom(directory_ / "copy.db", "back to the version before");
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(ReadFile(restored->replaced + "/grantd.db"), later);
  store_ = Must(OpenSqliteStore(State()));
  EXPECT_EQ(Entries().size(), 4U);
  EXPECT_EQ(Entries().back().event.event, "database.restored");
}

TEST_F(BackupFiles, NoRestoreUnderAnOpenStoreOrWithoutAReason) {
  Copy("copy.db");
  EXPECT_THAT(ErrorOf(RestoreFrom(directory_ / "copy.db")).message,
              HasSubstr("another grantd uses"));
  store_.reset();
  EXPECT_EQ(ErrorOf(RestoreFrom(directory_ / "copy.db", "")).code, Code::kInvalid);
}

TEST_F(BackupFiles, BackupsAreRecordedAndTheOldestRemoved) {
  Time now = ParseTime("2026-11-21T20:00:00Z").value();
  Backups backups(*store_, Database(), {directory_ / "backups", 2}, [&now] { return now; });
  std::vector<std::string> paths;
  for (int i = 0; i < 3; ++i) {
    const Backup backup = Must(backups.Make(Who("unix:root")));
    paths.push_back(backup.path);
    const AuditEntry entry = Entries().back();
    EXPECT_EQ(entry.event.event, "backup.made");
    EXPECT_EQ(nlohmann::json::parse(entry.event.detail)["sha256"], backup.sha256);
    EXPECT_EQ(backup.head.number, entry.number - 1) << "all but its own entry is in it";
    now += std::chrono::hours(1);
  }
  EXPECT_NE(access(paths[0].c_str(), F_OK), 0);
  EXPECT_EQ(access(paths[1].c_str(), F_OK), 0);
  EXPECT_EQ(access(paths[2].c_str(), F_OK), 0);
}

TEST_F(BackupFiles, OnlyBackupsAreRemovedAndNeverTheNewOne) {
  const std::string folder = directory_ / "backups";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  const auto put = [&](const std::string& name) {
    WriteFile(folder + "/" + name, "a copy");
    return folder + "/" + name;
  };
  const auto there = [](const std::string& path) { return access(path.c_str(), F_OK) == 0; };
  std::vector<std::string> administrators;
  for (const char* name :
       {"grantd-2026-before-the-move.db", "grantd-20250101T000000Z.db",
        "grantd-20250101T000000Z-00000000001x.db", "grantd-20250101T000000Z-000000000001.db.gz",
        "grantd-20250101T000000Z-000000000001-keep.db"}) {
    administrators.push_back(put(name));
  }
  const std::string old = put("grantd-20250101T000000Z-000000000001.db");
  // Made while the clock was ahead.
  const std::string ahead = put("grantd-29990101T000000Z-000000000002.db");
  const std::string further = put("grantd-29990102T000000Z-000000000003.db");
  Backups backups(*store_, Database(), {folder, 2},
                  [] { return ParseTime("2026-11-21T20:00:00Z").value(); });
  EXPECT_TRUE(there(Must(backups.Make(Who("unix:root"))).path));
  for (const std::string& path : administrators) EXPECT_TRUE(there(path)) << path;
  EXPECT_FALSE(there(old));
  EXPECT_FALSE(there(ahead));
  EXPECT_TRUE(there(further)) << "two are kept";
}

TEST_F(BackupFiles, ADirectoryThatOthersMayWriteToIsNotUsed) {
  ASSERT_EQ(mkdir((directory_ / "backups").c_str(), 0700), 0);
  ASSERT_EQ(chmod((directory_ / "backups").c_str(), 0777), 0);
  Backups backups(*store_, Database(), {directory_ / "backups", 2}, [] { return At(1); });
  EXPECT_THAT(ErrorOf(backups.Make(Who("unix:root"))).message, HasSubstr("others may write"));
  Backups links(*store_, Database(), {directory_ / "link", 2}, [] { return At(1); });
  ASSERT_EQ(symlink("/tmp", (directory_ / "link").c_str()), 0);
  EXPECT_FALSE(links.Make(Who("unix:root")));
}

}  // namespace
}  // namespace grant
