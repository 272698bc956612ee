// A database restored from an old copy must not bring counts back.
#include <filesystem>
#include <thread>

#include "tests/faults/faulty_world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

class RestoredDatabase : public FaultyWorld {
 protected:
  void Copy(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  }
};

TEST_F(RestoredDatabase, SignsAndGrantsNothingUntilAnAdministratorAcknowledgesIt) {
  StartWithRules();
  const std::string grant = world_.Grant(2);
  const std::string request = world_
                                  .CtlJson({"request", "create", "release", "--signings", "1",
                                            "--window", "1h", "--reason", "later", "--no-wait"})
                                  .at("id");
  ASSERT_EQ(world_.Stop(), 0);
  Copy(State("grantd.db"), world_.directory() / "copy.db");
  world_.Start();
  ASSERT_EQ(Sign(), "CKR_OK");
  ASSERT_EQ(Sign(), "CKR_OK");
  ASSERT_EQ(world_.Stop(), 0);
  Copy(world_.directory() / "copy.db", State("grantd.db"));
  world_.Start();

  EXPECT_EQ(world_.Used(grant), 0) << "the copy knows of no use";
  ExpectRefused("the database is an older copy");
  EXPECT_THAT(host_->Errors(), HasSubstr("grantctl audit acknowledge"));
  const Outcome approval = world_.Ctl({"request", "approve", request});
  EXPECT_NE(approval.exit_code, 0);
  EXPECT_THAT(approval.output, HasSubstr("no grant is issued: the audit ends with entry"));
  EXPECT_EQ(world_.Ctl({"audit", "verify"}).exit_code, 1);
  EXPECT_THAT(world_.Ctl({"doctor"}).output, HasSubstr("older copy"));
  EXPECT_THAT(world_.Ctl({"explain"}).output, HasSubstr("[database-restored]"));
  world_.Stop();
  world_.Start();
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR C_Sign") << "not by starting again";

  EXPECT_EQ(world_.Ctl({"audit", "acknowledge", "--reason", "disk was lost"}).exit_code, 0);
  EXPECT_EQ(Sign(), "CKR_FUNCTION_REJECTED C_Sign") << "nobody knows how often it was used";
  EXPECT_THAT(host_->Errors(), HasSubstr("revoked"));
  EXPECT_EQ(world_.CtlJson({"request", "show", request}).at("status"), "cancelled");
  EXPECT_EQ(world_.Audited("audit.acknowledged"), 1);
  EXPECT_EQ(world_.Ctl({"audit", "verify"}).exit_code, 0);
  world_.Stop();
  world_.Start();
  EXPECT_EQ(Sign(), "CKR_FUNCTION_REJECTED C_Sign");
  world_.Grant(1);
  EXPECT_EQ(Sign(), "CKR_OK") << "what is granted from here on is of use";
}

TEST_F(RestoredDatabase, AnotherFileUnderARunningGrantdIsNoticed) {
  StartWithRules();
  world_.Grant(5);
  ASSERT_EQ(Sign(), "CKR_OK");
  const std::string copy = State("copy.db");
  Copy(State("grantd.db"), copy);
  std::filesystem::rename(copy, State("grantd.db"));
  ExpectRefused("grantd.db was replaced");
}

TEST_F(RestoredDatabase, AMarkElsewhereNoticesThatTheWholeDirectoryIsACopy) {
  world_.ConfigureSite("mark_file = \"" + (world_.directory() / "run/grantd.mark") + "\"\n");
  StartWithRules();
  world_.Grant(5);
  ASSERT_EQ(world_.Stop(), 0);
  const std::string state = world_.directory() / "state";
  const std::string copy = world_.directory() / "copy";
  std::filesystem::copy(state, copy);
  world_.Start();
  ASSERT_EQ(Sign(), "CKR_OK");
  ASSERT_EQ(world_.Stop(), 0);
  std::filesystem::remove_all(state);
  std::filesystem::rename(copy, state);
  std::filesystem::permissions(state, std::filesystem::perms::owner_all);
  world_.Start();
  ExpectRefused("the database is an older copy");
}

TEST_F(RestoredDatabase, KillingGrantdIsNoRestoring) {
  StartWithRules();
  const std::string grant = world_.Grant(1000);
  for (int round = 0; round < 6; ++round) {
    std::thread signer([this] {
      while (Sign() == "CKR_OK") continue;
    });
    while (world_.Used(grant) < 3 * (round + 1)) continue;
    world_.Kill();
    signer.join();
    world_.Start();
    ASSERT_EQ(Sign(), "CKR_OK") << host_->Errors();
  }
  EXPECT_EQ(world_.Audited("alarm.raised"), 0);
  EXPECT_EQ(world_.Ctl({"audit", "verify"}).exit_code, 0);
}

}  // namespace
}  // namespace grant::test
