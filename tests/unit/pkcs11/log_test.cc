#include "pkcs11/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace grant::pkcs11 {
namespace {

std::string Told(const Error& error) {
  testing::internal::CaptureStderr();
  TellPerson(error);
  return testing::internal::GetCapturedStderr();
}

TEST(TellPerson, WritesOneLineWithMessageAndHint) {
  EXPECT_EQ(Told({CKR_FUNCTION_REJECTED, "grant is used up", "ask again", Tell::kRefused}),
            "grant-pkcs11: refused: grant is used up. hint: ask again\n");
  EXPECT_EQ(Told({CKR_DEVICE_ERROR, "no answer", "", Tell::kFailed}),
            "grant-pkcs11: failed: no answer\n");
}

TEST(TellPerson, SaysNothingOfAProgramsMistakes) {
  EXPECT_EQ(Told({CKR_ARGUMENTS_BAD, "a message", "", Tell::kNothing}), "");
}

TEST(TellPerson, LetsNoControlCharacterThrough) {
  EXPECT_EQ(Told({CKR_FUNCTION_REJECTED, "a\nb\x1b[2Jc\x7f", "", Tell::kRefused}),
            "grant-pkcs11: refused: a b [2Jc \n");
}

TEST(TellPerson, KeepsALineShort) {
  const std::string line =
      Told({CKR_FUNCTION_REJECTED, std::string(100000, 'x'), "", Tell::kRefused});
  EXPECT_EQ(line.size(), kLineBytesMax);
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
}

TEST(TellPerson, SurvivesABrokenPipe) {
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  close(pipe_ends[0]);
  const int before = dup(STDERR_FILENO);
  dup2(pipe_ends[1], STDERR_FILENO);
  TellPerson({CKR_FUNCTION_REJECTED, "nobody reads this", "", Tell::kRefused});
  dup2(before, STDERR_FILENO);
  close(before);
  close(pipe_ends[1]);
  // SIGPIPE would have ended the test by now, or would when it is let through.
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST(CallLog, IsOffByDefault) {
  unsetenv("GRANT_PKCS11_LOG");
  testing::internal::CaptureStderr();
  Log::Open().Call("C_Sign", CKR_OK, "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(CallLog, GoesToTheNamedFile) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("grant-log-" + std::to_string(getpid()));
  setenv("GRANT_PKCS11_LOG", ("debug:" + file.string()).c_str(), 1);
  Log::Open().Call("C_Sign", CKR_FUNCTION_REJECTED, "used up");
  unsetenv("GRANT_PKCS11_LOG");
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  std::filesystem::remove(file);
  EXPECT_EQ(text.str(), "grant-pkcs11[" + std::to_string(getpid()) +
                            "]: C_Sign: CKR_FUNCTION_REJECTED: used up\n");
}

TEST(CallLog, AWrongSettingIsToldAndIgnored) {
  for (const char* setting : {"verbose", "debug:relative", "debug:/nonexistent/log"}) {
    setenv("GRANT_PKCS11_LOG", setting, 1);
    testing::internal::CaptureStderr();
    Log::Open().Call("C_Sign", CKR_OK, "");
    const std::string told = testing::internal::GetCapturedStderr();
    EXPECT_THAT(told, testing::HasSubstr("GRANT_PKCS11_LOG")) << setting;
    EXPECT_EQ(std::ranges::count(told, '\n'), 1) << setting;
  }
  unsetenv("GRANT_PKCS11_LOG");
}

}  // namespace
}  // namespace grant::pkcs11
