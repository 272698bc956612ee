#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace grant::test {
namespace {

using testing::EndsWith;
using testing::StartsWith;

// What the p11-kit configuration `file` names as the module.
std::string ModuleOf(const std::string& file) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("module: ")) return line.substr(8);
  }
  return {};
}

// One test for all prefixes: `cmake --install` writes into the build directory too, so that two of
// them must not run at once.
TEST(Install, RegistersTheModuleWithP11KitWhereverItGoes) {
  for (const std::string prefix : {"/usr", "/opt/grantd"}) {
    const TempDir staging;
    const Outcome outcome =
        test::Run({CMAKE_PROGRAM, "--install", BUILD_DIRECTORY, "--prefix", prefix},
                  {{"DESTDIR", staging.path()}});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const std::string root = staging.path() + prefix;
    EXPECT_EQ(access((root + "/sbin/grantd").c_str(), X_OK), 0);
    EXPECT_EQ(access((root + "/libexec/grantd/grantd-hsm-worker").c_str(), X_OK), 0);
    EXPECT_EQ(access((root + "/bin/grantctl").c_str(), X_OK), 0);
    const std::string module = ModuleOf(root + "/share/p11-kit/modules/grant-pkcs11.module");
    EXPECT_THAT(module, StartsWith(prefix + "/lib"));
    EXPECT_THAT(module, EndsWith("/pkcs11/grant-pkcs11.so"));
    EXPECT_TRUE(std::filesystem::exists(staging.path() + module)) << module;
    // systemd's files name the paths of /usr.
    EXPECT_EQ(std::filesystem::exists(root + "/lib/systemd/system/grantd.service"),
              prefix == "/usr");
    EXPECT_EQ(std::filesystem::exists(staging.path() + "/etc/grantd/grantd.toml"),
              prefix == "/usr");
  }
}

}  // namespace
}  // namespace grant::test
