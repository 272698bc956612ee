#include "grantd/guard/mark_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/support/temp_dir.h"

namespace grant {
namespace {

using testing::HasSubstr;

Mark MarkAt(int64_t number) {
  return {{number, std::string(64, static_cast<char>('a' + number % 6))}, FromMillis(number * 7)};
}

class MarkFileTest : public testing::Test {
 protected:
  std::unique_ptr<MarkFile> Create(int64_t number) {
    return MarkFile::Create(path_, MarkAt(number)).value();
  }
  std::optional<Mark> Reread() {
    const auto file = MarkFile::Open(path_).value();
    return file ? file->mark() : std::nullopt;
  }
  std::string Content() {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  test::TempDir dir_;
  const std::string path_ = dir_ / "mark";
};

TEST_F(MarkFileTest, AMissingOneIsNoError) {
  EXPECT_EQ(MarkFile::Open(path_).value(), nullptr);
}

TEST_F(MarkFileTest, WhatWasWrittenLastIsRead) {
  const auto file = Create(1);
  EXPECT_EQ(Reread(), MarkAt(1));
  for (int64_t number = 2; number < 10; ++number) {
    ASSERT_TRUE(file->Write(MarkAt(number)));
    EXPECT_EQ(file->mark(), MarkAt(number));
    EXPECT_EQ(Reread(), MarkAt(number));
  }
  EXPECT_TRUE(file->Sync());
}

TEST_F(MarkFileTest, WritingGoesOnAfterAnotherStart) {
  Create(1);
  ASSERT_TRUE(MarkFile::Open(path_).value()->Write(MarkAt(2)));
  ASSERT_TRUE(MarkFile::Open(path_).value()->Write(MarkAt(3)));
  EXPECT_EQ(Reread(), MarkAt(3));
}

TEST_F(MarkFileTest, AnyDamageOfOneSlotLeavesTheMarkBefore) {
  const auto file = Create(1);
  ASSERT_TRUE(file->Write(MarkAt(2)));
  ASSERT_TRUE(file->Write(MarkAt(3)));
  const std::string whole = Content();
  const Descriptor raw(open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  int last = 0;
  int before = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    const char damaged = static_cast<char>(whole[i] ^ 4);
    ASSERT_EQ(pwrite(raw.get(), &damaged, 1, static_cast<off_t>(i)), 1);
    const auto mark = Reread();
    ASSERT_EQ(pwrite(raw.get(), &whole[i], 1, static_cast<off_t>(i)), 1);
    ASSERT_TRUE(mark == MarkAt(3) || mark == MarkAt(2)) << i;
    ++(mark == MarkAt(3) ? last : before);
  }
  EXPECT_EQ(before, static_cast<int>(kMarkSlotBytes));
  EXPECT_GE(last, static_cast<int>(kMarkSlotBytes));
}

TEST_F(MarkFileTest, WhatHasNoWholeSlotHasNoMark) {
  for (const std::string& content : {std::string(), std::string("x"), std::string(8192, '\0')}) {
    dir_.Write("mark", content);
    const auto file = MarkFile::Open(path_).value();
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(file->mark(), std::nullopt);
  }
}

TEST_F(MarkFileTest, OneThatOthersMayWriteIsRefused) {
  Create(1);
  chmod(path_.c_str(), 0620);
  EXPECT_THAT(MarkFile::Open(path_).error().hint, HasSubstr("chmod 600"));
}

TEST_F(MarkFileTest, ALinkIsRefused) {
  ASSERT_EQ(symlink("/dev/null", path_.c_str()), 0);
  EXPECT_EQ(MarkFile::Open(path_).error().code, Code::kInvalid);
}

TEST_F(MarkFileTest, AMissingDirectoryIsNamed) {
  const auto made = MarkFile::Create(dir_ / "none/mark", MarkAt(1));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("none/mark"));
  EXPECT_THAT(made.error().hint, HasSubstr("mark_file"));
}

}  // namespace
}  // namespace grant
