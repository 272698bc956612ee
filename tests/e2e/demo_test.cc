#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/child_process.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

TEST(Demo, WorksTwiceInARow) {
  if (std::string(SANITIZED) != "") {
    GTEST_SKIP() << "openssl and osslsigncode cannot load a module built with a sanitizer";
  }
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = test::Run({DEMO_SCRIPT, "--build", BUILD_DIRECTORY});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr("Verified OK"));
    EXPECT_THAT(outcome.output, HasSubstr("Signature verification: ok"));
    EXPECT_THAT(outcome.output, HasSubstr("grant-pkcs11: refused: grant grt_"));
    EXPECT_THAT(outcome.output, HasSubstr("is used up (2 of 2)"));
    EXPECT_THAT(outcome.output, HasSubstr("was revoked by"));
  }
}

}  // namespace
}  // namespace grant::test
