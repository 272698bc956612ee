#include "grantd/hsm/pin_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

namespace grant {
namespace {

using test::TempDir;

std::string Text(const SecretBuffer& pin) {
  return {pin.bytes().begin(), pin.bytes().end()};
}

class PinFile : public ::testing::Test {
 protected:
  std::string ErrorFor(const std::string& path) {
    const auto pin = ReadPinFile(path);
    if (pin) return "no error";
    EXPECT_EQ(pin.error().code, Code::kInvalid);
    hint_ = pin.error().hint;
    return pin.error().message;
  }

  TempDir dir_;
  std::string hint_;
};

TEST_F(PinFile, GivesThePinWithoutItsNewline) {
  for (const char* const content : {"1234", "1234\n"}) {
    const auto pin = ReadPinFile(dir_.Write("pin", content));
    ASSERT_TRUE(pin) << pin.error().message;
    EXPECT_EQ(Text(*pin), "1234");
  }
}

TEST_F(PinFile, TakesNoMoreThanOneNewlineAway) {
  const std::string path = dir_.Write("pin", "1234\n\n");
  EXPECT_EQ(ErrorFor(path), "the PIN file " + path + " holds control characters");
}

TEST_F(PinFile, HoldsOneToTwoHundredFiftyFiveBytes) {
  const std::string path = dir_.Write("pin", std::string(255, '7') + "\n");
  const auto pin = ReadPinFile(path);
  ASSERT_TRUE(pin) << pin.error().message;
  EXPECT_EQ(Text(*pin), std::string(255, '7'));
  for (const size_t length : {256, 257, 100000}) {
    dir_.Write("pin", std::string(length, '7'));
    EXPECT_EQ(ErrorFor(path), "the PIN file " + path + " holds more than 255 bytes");
  }
  dir_.Write("pin", std::string(256, '7') + "\n");
  EXPECT_EQ(ErrorFor(path), "the PIN file " + path + " holds more than 255 bytes");
  for (const char* const nothing : {"", "\n"}) {
    dir_.Write("pin", nothing);
    EXPECT_EQ(ErrorFor(path), "the PIN file " + path + " is empty");
  }
}

TEST_F(PinFile, OpenToAnybodyElseIsRefused) {
  for (const char* const octal : {"0640", "0604", "0610", "0620", "0601", "0602", "0660", "0777"}) {
    const auto mode = static_cast<unsigned>(std::stoul(octal, nullptr, 8));
    const std::string path = dir_.Write("pin", "1234", mode);
    EXPECT_EQ(ErrorFor(path), "the PIN file " + path + " is open to others (mode " + octal + ")");
    EXPECT_EQ(hint_, "chmod 600 " + path);
  }
}

TEST_F(PinFile, StricterModesAreFine) {
  EXPECT_TRUE(ReadPinFile(dir_.Write("pin", "1234", 0400)));
}

TEST_F(PinFile, ASymbolicLinkIsNotFollowed) {
  const std::string target = dir_.Write("pin", "1234");
  const std::string link = dir_ / "link";
  ASSERT_EQ(symlink(target.c_str(), link.c_str()), 0);
  EXPECT_EQ(ErrorFor(link), "the PIN file " + link + " is a symbolic link");
}

TEST_F(PinFile, OnlyRegularFilesAreRead) {
  EXPECT_EQ(ErrorFor(dir_.path()), "the PIN file " + dir_.path() + " is not a regular file");
  const std::string fifo = dir_ / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(ErrorFor(fifo), "the PIN file " + fifo + " is not a regular file");
}

TEST_F(PinFile, AMissingOneIsNamed) {
  const std::string path = dir_ / "none";
  EXPECT_EQ(ErrorFor(path),
            "the PIN file " + path + " cannot be opened: No such file or directory");
}

TEST_F(PinFile, OfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const std::string path = dir_.Write("pin", "1234");
  ASSERT_EQ(chown(path.c_str(), 4711, 0), 0);
  EXPECT_EQ(ErrorFor(path),
            "the PIN file " + path + " belongs to uid 4711, not to grantd's user or root");
  EXPECT_EQ(hint_, "chown 0 " + path);
}

TEST_F(PinFile, ACredentialMayShowItsAccessListAsTheGroups) {
  if (geteuid() != 0) GTEST_SKIP() << "credentials belong to root";
  for (const unsigned mode : {0400U, 0440U, 0600U}) {
    EXPECT_TRUE(ReadPinFile(dir_.Write("pin", "1234", mode), "PIN", SecretFile::kCredential));
  }
  for (const unsigned mode : {0404U, 0420U, 0460U, 0444U}) {
    EXPECT_FALSE(ReadPinFile(dir_.Write("pin", "1234", mode), "PIN", SecretFile::kCredential));
  }
}

TEST_F(PinFile, APinMovedAwayIsNoLongerThere) {
  auto pin = ReadPinFile(dir_.Write("pin", "1234"));
  ASSERT_TRUE(pin);
  const SecretBuffer moved = *std::move(pin);
  EXPECT_EQ(Text(moved), "1234");
  EXPECT_TRUE(pin->bytes().empty());
}

}  // namespace
}  // namespace grant
