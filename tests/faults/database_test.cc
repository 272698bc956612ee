// A disk that fails under grantd: no signature without its record, and it goes on by itself.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "tests/faults/faulty_world.h"

namespace grant::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class FailingDisk : public FaultyWorld {
 protected:
  void SetUp() override {
    if (!std::string(SANITIZED).empty()) GTEST_SKIP() << "no shim under a sanitizer";
    StartWithRules();
    grant_ = world_.Grant(1000);
    ASSERT_EQ(Sign(), "CKR_OK");
  }

  std::string grant_;
};

TEST_F(FailingDisk, WritesWithoutSpaceAreRefusedUntilThereIsSome) {
  faults().write_error = ENOSPC;
  ExpectRefused("no space is left for the database");
  faults().write_error = 0;
  SignAgain();
  ExpectCountedExactly(grant_);
}

TEST_F(FailingDisk, WritesThatFailAreRefused) {
  faults().write_error = EIO;
  ExpectRefused("cannot record the signature");
  faults().write_error = 0;
  SignAgain();
  ExpectCountedExactly(grant_);
}

TEST_F(FailingDisk, AStateThatBecameReadOnlyIsRefused) {
  faults().write_error = EROFS;
  ExpectRefused("Read-only file system");
  faults().write_error = 0;
  SignAgain();
  ExpectCountedExactly(grant_);
}

// What the kernel could not write it may have forgotten: one that succeeds later proves nothing.
TEST_F(FailingDisk, AfterAFailedSyncNothingIsBelievedUntilTheDatabaseWasOpenedAnew) {
  faults().sync_error = EIO;
  ExpectRefused("Input/output error");
  faults().sync_error = 0;
  SignAgain();
  ExpectCountedExactly(grant_);
  world_.Kill();
  world_.Start();
  ExpectCountedExactly(grant_);
  SignAgain();
}

TEST_F(FailingDisk, ReadsThatFailAreRefusedOrNotNeeded) {
  faults().read_error = EIO;
  for (int i = 0; i < 20; ++i) EXPECT_THAT(Sign(), AnyOf("CKR_OK", "CKR_DEVICE_ERROR C_Sign"));
  faults().read_error = 0;
  SignAgain();
  ExpectCountedExactly(grant_);
}

TEST_F(FailingDisk, NobodyElseIsHarmedMeanwhile) {
  faults().write_error = ENOSPC;
  const Outcome refused = world_.Ctl({"request", "create", "release", "--signings", "1", "--window",
                                      "1h", "--reason", "x", "--no-wait"});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.output, HasSubstr("no space"));
  EXPECT_EQ(world_.Ctl({"whoami"}).exit_code, 0);
  EXPECT_EQ(world_.Ctl({"grant", "list"}).exit_code, 0);
  faults().write_error = 0;
  SignAgain();
  EXPECT_EQ(world_.Stop(), 0);
}

class DamagedState : public FaultyWorld {
 protected:
  // Overwrites the pages from the second on: tables, not the header.
  void Damage(size_t pages) {
    const int fd = open(State("grantd.db").c_str(), O_WRONLY | O_CLOEXEC);
    const std::string junk(4096 * pages, '\x5a');
    EXPECT_EQ(pwrite(fd, junk.data(), junk.size(), 4096), static_cast<ssize_t>(junk.size()));
    close(fd);
  }
  std::string StartFailure() {
    try {
      world_.Start();
    } catch (const std::runtime_error& failure) {
      return failure.what();
    }
    return "none";
  }
};

TEST_F(DamagedState, PagesDamagedUnderGrantdAreNoticedBeforeTheNextSignature) {
  StartWithRules();
  world_.Grant(10);
  ASSERT_EQ(Sign(), "CKR_OK");
  Damage(20);
  ExpectRefused("grantd.db was replaced, removed or changed by another program");
}

TEST_F(DamagedState, PagesDamagedWhileStoppedStopTheStart) {
  StartWithRules();
  world_.Stop();
  Damage(30);
  EXPECT_THAT(StartFailure(), AllOf(HasSubstr("damaged"), HasSubstr("restore")));
}

TEST_F(DamagedState, ALogThatIsRemovedUnderGrantdIsNoticedThenAndAtTheNextStart) {
  StartWithRules();
  const std::string grant = world_.Grant(10);
  ASSERT_EQ(Sign(), "CKR_OK");
  unlink(State("grantd.db-wal").c_str());
  ExpectRefused("grantd.db-wal was replaced, removed or changed");
  world_.Kill();
  unlink(State("grantd.db-shm").c_str());
  world_.Start();
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR C_Sign");
  EXPECT_THAT(host_->Errors(), HasSubstr("the database is an older copy"));
}

TEST_F(DamagedState, AReadOnlyDirectoryIsToldAtTheStart) {
  world_.Start();
  world_.Stop();
  const std::string state = world_.directory() / "state";
  if (IsRoot()) {
    if (mount(state.c_str(), state.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
        mount(nullptr, state.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
      umount2(state.c_str(), MNT_DETACH);
      GTEST_SKIP() << "mount is not allowed here";
    }
  } else {
    chmod(State("grantd.lock").c_str(), 0400);
  }
  EXPECT_THAT(StartFailure(), AllOf(HasSubstr("grantd.lock"), HasSubstr("hint: ")));
  umount2(state.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace grant::test
