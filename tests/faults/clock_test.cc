// A clock that steps under grantd.
#include "tests/faults/faulty_world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

constexpr int64_t kHourMs = 3'600'000;

class SteppingClock : public FaultyWorld {
 protected:
  void SetUp() override {
    if (!std::string(SANITIZED).empty()) GTEST_SKIP() << "no shim under a sanitizer";
    StartWithRules();
  }
};

TEST_F(SteppingClock, BackBringsNoGrantToLifeAgain) {
  world_.Grant(10, {"--window", "2h"});
  ASSERT_EQ(Sign(), "CKR_OK");
  world_.Stop();
  faults().clock_offset_ms = 3 * kHourMs;
  world_.Start();
  EXPECT_EQ(Sign(), "CKR_FUNCTION_REJECTED C_Sign") << "it has ended by now";
  faults().clock_offset_ms = 0;
  ExpectRefused("before a time that grantd has seen already");
  world_.Kill();
  world_.Start();
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR C_Sign") << "not by starting again";
  EXPECT_THAT(host_->Errors(), HasSubstr("set the clock right"));
  faults().clock_offset_ms = 3 * kHourMs;
  EXPECT_EQ(Sign(), "CKR_FUNCTION_REJECTED C_Sign") << "the clock is right again";
}

TEST_F(SteppingClock, AheadBeginsNoGrantEarlyAndIssuesNone) {
  world_.Grant(10);
  ASSERT_EQ(Sign(), "CKR_OK");
  faults().clock_offset_ms = kHourMs / 2;
  ExpectRefused("ahead");
  const std::string request = world_
                                  .CtlJson({"request", "create", "release", "--signings", "1",
                                            "--window", "1h", "--reason", "later", "--no-wait"})
                                  .at("id");
  EXPECT_THAT(world_.Ctl({"request", "approve", request}).output,
              HasSubstr("no grant is issued: the clock says"));
  faults().clock_offset_ms = 0;
  EXPECT_EQ(Sign(), "CKR_OK") << "by itself";
  EXPECT_EQ(world_.Ctl({"request", "approve", request}).exit_code, 0);
}

TEST_F(SteppingClock, AnAdministratorsWordMakesANewTimeTheRightOne) {
  world_.Grant(10);
  faults().clock_offset_ms = kHourMs / 2;
  ASSERT_EQ(Sign(), "CKR_DEVICE_ERROR C_Sign");
  EXPECT_EQ(world_.Ctl({"audit", "acknowledge", "--reason", "the clock was slow"}).exit_code, 0);
  EXPECT_EQ(Sign(), "CKR_OK");
  world_.Kill();
  world_.Start();
  EXPECT_EQ(Sign(), "CKR_OK");
}

}  // namespace
}  // namespace grant::test
