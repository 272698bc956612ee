#include "grantd/store/state_dir.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_testing.h"

namespace grant {
namespace {

constexpr uid_t kNobody = 65534;

mode_t ModeOf(const std::string& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) throw std::runtime_error("no " + path);
  return status.st_mode & 0777;
}

TEST(StateDir, MissingDirectoryIsMadeForItsUserAlone) {
  TempDir parent;
  StateDir directory = Must(StateDir::Open(parent / "state/"));
  EXPECT_EQ(directory.path(), parent / "state");
  EXPECT_EQ(ModeOf(parent / "state"), 0700U);
  EXPECT_EQ(ModeOf(parent / "state/grantd.lock"), 0600U);
}

TEST(StateDir, ParentsAreNotMade) {
  TempDir parent;
  EXPECT_THAT(StateDir::Open(parent / "a/b"), FailsWith(Code::kUnavailable));
  EXPECT_FALSE(std::filesystem::exists(parent / "a"));
}

TEST(StateDir, SecondOpenerIsRefusedUntilTheFirstIsGone) {
  TempDir parent;
  {
    StateDir first = Must(StateDir::Open(parent / "state"));
    const Error error = ErrorOf(StateDir::Open(parent / "state"));
    EXPECT_EQ(error.code, Code::kUnavailable);
    EXPECT_THAT(error.message, testing::HasSubstr("another grantd uses"));
  }
  EXPECT_TRUE(StateDir::Open(parent / "state"));
}

TEST(StateDir, LinkAndFileAreRefused) {
  TempDir parent;
  std::filesystem::create_directory(parent / "real");
  std::filesystem::permissions(parent / "real", std::filesystem::perms::owner_all);
  std::filesystem::create_directory_symlink(parent / "real", parent / "link");
  WriteFile(parent / "file", "");
  EXPECT_THAT(StateDir::Open(parent / "link"), FailsWith(Code::kInvalid));
  EXPECT_THAT(StateDir::Open(parent / "link/"), FailsWith(Code::kInvalid));
  EXPECT_THAT(StateDir::Open(parent / "file"), FailsWith(Code::kInvalid));
}

TEST(StateDir, LinkAboveItIsResolved) {
  TempDir parent;
  std::filesystem::create_directory(parent / "real");
  std::filesystem::create_directory_symlink(parent / "real", parent / "link");
  EXPECT_EQ(Must(StateDir::Open(parent / "link/state")).path(), parent / "real/state");
}

TEST(StateDir, LinkInPlaceOfTheLockIsRefused) {
  TempDir directory;
  std::filesystem::create_symlink(directory / "elsewhere", directory / "grantd.lock");
  EXPECT_THAT(StateDir::Open(directory.path()), FailsWith(Code::kUnavailable));
  EXPECT_FALSE(std::filesystem::exists(directory / "elsewhere"));
}

TEST(StateDir, WritableByOthersIsRefused) {
  for (mode_t mode : {0770U, 0702U}) {
    TempDir directory;
    ASSERT_EQ(chmod(directory.path().c_str(), mode), 0);
    const Error error = ErrorOf(StateDir::Open(directory.path()));
    EXPECT_EQ(error.code, Code::kInvalid);
    EXPECT_THAT(error.hint, testing::HasSubstr("chmod 700"));
  }
}

TEST(StateDir, SomebodyElsesIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  TempDir directory;
  ASSERT_EQ(chown(directory.path().c_str(), kNobody, kNobody), 0);
  const Error error = ErrorOf(StateDir::Open(directory.path()));
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_THAT(error.message, testing::HasSubstr("belongs to user 65534"));
}

// Root may write to any directory, so the attempt is made by a child that is somebody else.
TEST(StateDir, UnwritableDirectoryIsUnavailable) {
  TempDir directory;
  ASSERT_EQ(chmod(directory.path().c_str(), 0500), 0);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(directory.path().c_str(), kNobody, kNobody), 0);
  }
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (geteuid() == 0 && setuid(kNobody) != 0) _exit(2);
    const auto opened = StateDir::Open(directory.path());
    _exit(!opened && opened.error().code == Code::kUnavailable ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace grant
