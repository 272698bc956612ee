#include "grantd/keys/exposure_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace grant {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(ExposureReader, ARegistrationIsShutWhereItIsForNoProgramThatThereIs) {
  const test::TempDir dir;
  dir.Write("openssl", "a program");
  ExposureSources sources;
  sources.module_folders = {dir.path()};
  sources.program_folders = {dir.path()};
  TokenSettings token;
  token.module = "/usr/lib/other.so";
  const auto others = [&](const std::string& line) {
    dir.Write("other.module", "module: other.so\n" + line);
    return ReadExposure(token, sources).other_modules;
  };
  for (const std::string line :
       {"", "enable-in: openssl\n", "enable-in: nothing, openssl\n", "disable-in: openssl\n"}) {
    EXPECT_THAT(others(line), SizeIs(1)) << line;
  }
  for (const std::string line : {"enable-in:\n", "enable-in: nothing\n", "enable-in: no, body\n"}) {
    EXPECT_THAT(others(line), IsEmpty()) << line;
  }
}

}  // namespace
}  // namespace grant
