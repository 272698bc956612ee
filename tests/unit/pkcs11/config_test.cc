#include "pkcs11/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace grant::pkcs11 {
namespace {

using testing::HasSubstr;

Error ErrorOf(const std::string& text) {
  Result<Config> config = ParseConfig(text, "pkcs11.conf");
  EXPECT_FALSE(config.has_value()) << text;
  return config ? Error{} : config.error();
}

TEST(ModuleConfig, AnEmptyFileGivesTheDefaults) {
  Result<Config> config = ParseConfig("", "pkcs11.conf");
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->gate, "unix:/run/grantd/gate.sock");
  EXPECT_EQ(config->sign_timeout, std::chrono::seconds(30));
  EXPECT_EQ(config->list_timeout(), std::chrono::seconds(5));
}

TEST(ModuleConfig, KeysCommentsAndBlankLinesAreRead) {
  Result<Config> config =
      ParseConfig("# here\n\n  gate = \"unix:/tmp/g.sock\"  # there\r\ntimeout_ms=1500", "f");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->gate, "unix:/tmp/g.sock");
  EXPECT_EQ(config->sign_timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(config->list_timeout(), std::chrono::milliseconds(1500));
}

TEST(ModuleConfig, AnUnknownKeyNamesFileLineAndTheNearestKey) {
  Error error = ErrorOf("\ngat = \"unix:/tmp/g.sock\"\n");
  EXPECT_EQ(error.message, "pkcs11.conf:2: unknown key 'gat'");
  EXPECT_THAT(error.hint, HasSubstr("'gate'"));
  EXPECT_THAT(ErrorOf("timeout = 5\n").hint, HasSubstr("'timeout_ms'"));
}

TEST(ModuleConfig, WrongValuesAreRefused) {
  for (const char* text :
       {"gate", "gate =", "gate = unix:/tmp/g", "gate = \"unix:/tmp/g", "gate = \"unix:/a\" b",
        "gate = \"tcp:host:1\"", "gate = \"unix:relative\"", "gate = \"\"", "timeout_ms = \"5000\"",
        "timeout_ms = 99", "timeout_ms = 600001", "timeout_ms = -1", "timeout_ms = 5000 s",
        "timeout_ms = 99999999999999999999", "= 5"}) {
    EXPECT_THAT(ErrorOf(text).message, HasSubstr("pkcs11.conf:1: ")) << text;
  }
  EXPECT_THAT(ErrorOf("gate = \"unix:/" + std::string(200, 'x') + "\"").message, HasSubstr("gate"));
}

TEST(ModuleConfig, AKeyThatStandsTwiceIsRefused) {
  EXPECT_THAT(ErrorOf("timeout_ms = 500\ntimeout_ms = 500\n").message, HasSubstr(":2: "));
}

TEST(ModuleConfig, ANamedFileMustExist) {
  setenv("GRANT_PKCS11_CONFIG", "/nonexistent/pkcs11.conf", 1);
  Result<Config> config = LoadConfig();
  unsetenv("GRANT_PKCS11_CONFIG");
  ASSERT_FALSE(config.has_value());
  EXPECT_THAT(config.error().message, HasSubstr("/nonexistent/pkcs11.conf"));
  EXPECT_EQ(config.error().tell, Tell::kFailed);
}

TEST(ModuleConfig, TheEnvironmentTakesThePlaceOfTheFile) {
  setenv("GRANT_PKCS11_CONFIG", "/dev/null", 1);
  setenv("GRANTD_GATE", "unix:/tmp/other.sock", 1);
  setenv("GRANTD_GRANT", "grt_01H", 1);
  Result<Config> config = LoadConfig();
  setenv("GRANTD_GATE", "nowhere", 1);
  Result<Config> wrong = LoadConfig();
  for (const char* name : {"GRANT_PKCS11_CONFIG", "GRANTD_GATE", "GRANTD_GRANT"}) unsetenv(name);
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->gate, "unix:/tmp/other.sock");
  EXPECT_EQ(config->grant, "grt_01H");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().message, HasSubstr("GRANTD_GATE"));
}

TEST(ModuleConfig, AFileWithoutEndIsRefused) {
  setenv("GRANT_PKCS11_CONFIG", "/dev/zero", 1);
  Result<Config> config = LoadConfig();
  unsetenv("GRANT_PKCS11_CONFIG");
  ASSERT_FALSE(config.has_value());
  EXPECT_THAT(config.error().message, HasSubstr("larger"));
}

}  // namespace
}  // namespace grant::pkcs11
