// Backups are made while people sign, and restoring one brings no use back.
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/faults/faulty_world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

class BackupTest : public FaultyWorld {
 protected:
  std::string Backup() { return world_.CtlJson({"backup"}).at("path"); }
  Outcome Restore(const std::string& file) {
    return world_.Ctl({"restore", file, "--config", world_.directory() / "grantd.toml", "--reason",
                       "the disk was lost", "--yes"});
  }
};

TEST_F(BackupTest, RestoringOneBringsNoUseBack) {
  StartWithRules();
  const std::string grant = world_.Grant(3);
  ASSERT_EQ(Sign(), "CKR_OK");
  ASSERT_EQ(Sign(), "CKR_OK");
  const std::string backup = Backup();
  ASSERT_EQ(Sign(), "CKR_OK");
  ASSERT_EQ(Sign(), "CKR_FUNCTION_REJECTED C_Sign");
  ASSERT_EQ(world_.Stop(), 0);
  const Outcome restored = Restore(backup);
  ASSERT_EQ(restored.exit_code, 0) << restored.output;
  EXPECT_THAT(restored.output, HasSubstr("entries are lost"));
  world_.Start();

  EXPECT_EQ(world_.Used(grant), 2) << "the backup knows of two";
  ExpectRefused("restored a backup");
  EXPECT_EQ(world_.Ctl({"doctor"}).exit_code, 1);
  EXPECT_THAT(world_.Ctl({"explain"}).output, HasSubstr("[database-restored]"));
  world_.Stop();
  world_.Start();
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR C_Sign") << "not by starting again";
  std::filesystem::remove(State("grantd.mark"));
  world_.Stop();
  world_.Start();
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR C_Sign") << "nor without the mark";

  const Outcome acknowledged =
      world_.Ctl({"audit", "acknowledge", "--reason", "the third was v2.4.0"});
  EXPECT_EQ(acknowledged.exit_code, 0) << acknowledged.output;
  EXPECT_EQ(Sign(), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(host_->Errors(), HasSubstr("revoked"));
  EXPECT_EQ(world_.CtlJson({"grant", "show", grant}).at("status"), "revoked");
  EXPECT_EQ(delivered_, 3) << "as many as were granted";
  EXPECT_EQ(world_.CtlJson({"audit", "verify"}).at("fault"), nullptr);
}

TEST_F(BackupTest, RestoringTheNewestStateIsNotTrustedEither) {
  StartWithRules();
  world_.Grant(3);
  ASSERT_EQ(Sign(), "CKR_OK");
  ASSERT_EQ(world_.Stop(), 0);
  // With nothing lost by the mark, which may be put back together with the database.
  const std::string copy = world_.directory() / "copy.db";
  std::filesystem::copy_file(State("grantd.db"), copy);
  ASSERT_EQ(Restore(copy).exit_code, 0);
  world_.Start();
  ExpectRefused("restored a backup");
}

TEST_F(BackupTest, ARunningGrantdKeepsItsDatabase) {
  StartWithRules();
  const std::string backup = Backup();
  const Outcome refused = Restore(backup);
  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("grantd runs"));
  const Outcome locked =
      test::Run({GRANTD_PROGRAM, "restore", "--config", world_.directory() / "grantd.toml",
                 "--from", backup, "--reason", "x"},
                {});
  EXPECT_EQ(locked.exit_code, 1) << locked.output;
  EXPECT_THAT(locked.output, HasSubstr("another grantd uses"));
}

TEST_F(BackupTest, ADamagedOneIsNotRestored) {
  StartWithRules();
  world_.Grant(3);
  ASSERT_EQ(Sign(), "CKR_OK");
  const std::string backup = Backup();
  ASSERT_EQ(world_.Stop(), 0);
  std::filesystem::resize_file(backup, std::filesystem::file_size(backup) / 2);
  EXPECT_EQ(Restore(backup).exit_code, 1);
  EXPECT_EQ(Restore(world_.directory() / "grantd.toml").exit_code, 1);
  world_.Start();
  EXPECT_EQ(Sign(), "CKR_OK") << "what was there stays";
}

TEST_F(BackupTest, IsWholeWhilePeopleSignAndBelongsToGrantdAlone) {
  StartWithRules();
  const std::string grant = world_.Grant(1000);
  std::atomic<bool> stop = false;
  std::thread signer([&] {
    while (!stop && Sign() == "CKR_OK") continue;
  });
  const std::string to = world_.directory() / "copied.db";
  const nlohmann::json backup = world_.CtlJson({"backup", "--to", to});
  for (int i = 0; i < 3; ++i) Backup();
  stop = true;
  signer.join();
  ExpectCountedExactly(grant);
  EXPECT_EQ(world_.Audited("backup.made"), 4);
  for (const std::string& file : {backup.at("path").get<std::string>(), to}) {
    struct stat status = {};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << file;
  }
  ASSERT_EQ(world_.Stop(), 0);
  EXPECT_EQ(Restore(to).exit_code, 0);
}

TEST_F(BackupTest, OnlyAsManyAreKeptAsTheConfigurationSays) {
  world_.ConfigureSite("backups_kept = 2\nbackup_dir = \"" + (world_.directory() / "kept") +
                       "\"\n");
  StartWithRules();
  Backup();
  const std::string second = Backup();
  const std::string third = Backup();
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(world_.directory() / "kept")) {
    names.push_back(file.path());
  }
  EXPECT_THAT(names, testing::UnorderedElementsAre(second, third));
}

TEST_F(BackupTest, ADirectoryThatCannotBeUsedStopsNoSigning) {
  StartWithRules();
  world_.Grant(3);
  std::ofstream(State("backups")) << "not a directory";
  const Outcome failed = world_.Ctl({"backup"});
  EXPECT_EQ(failed.exit_code, 6) << failed.output;
  EXPECT_THAT(failed.output, HasSubstr("backup_dir"));
  EXPECT_EQ(Sign(), "CKR_OK");
  EXPECT_EQ(world_.Audited("backup.made"), 0);
}

}  // namespace
}  // namespace grant::test
