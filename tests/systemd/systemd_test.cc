// The units as systemd reads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// In tenths, as systemd-analyze counts them: docs/hardening.md names the score.
constexpr int kExposureMax = 15;

class Units : public testing::Test {
 protected:
  void SetUp() override {
    if (test::Run({"sh", "-c", "command -v systemd-analyze"}).exit_code != 0) {
      GTEST_SKIP() << "there is no systemd-analyze";
    }
    for (const char* name : {"grantd.service", "grantd-api.socket", "grantd-gate.socket"}) {
      std::ostringstream text;
      text << std::ifstream(std::string(UNITS) + "/" + name).rdbuf();
      std::string unit = text.str();
      // It is not installed here.
      const std::string program = "ExecStart=/usr/sbin/grantd";
      if (const size_t at = unit.find(program); at != std::string::npos) {
        unit.replace(at, program.size(), "ExecStart=/bin/true");
      }
      units_.push_back(dir_.Write(name, unit, 0644));
    }
  }

  TempDir dir_;
  std::vector<std::string> units_;
};

TEST_F(Units, AreUnderstoodToTheLastLine) {
  std::vector<std::string> command = {"systemd-analyze", "verify", "--man=no"};
  command.insert(command.end(), units_.begin(), units_.end());
  const Outcome verified = test::Run(command);
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  for (const std::string& unit : units_) EXPECT_THAT(verified.output, Not(HasSubstr(unit)));
}

TEST_F(Units, LeaveGrantdNoMoreThanTheDocumentedExposure) {
  const Outcome judged = test::Run({"systemd-analyze", "security", "--offline=true", "--no-pager",
                                    "--threshold=" + std::to_string(kExposureMax), units_.front()});
  EXPECT_EQ(judged.exit_code, 0) << judged.output;
  EXPECT_THAT(judged.output, HasSubstr("Overall exposure level"));
}

}  // namespace
}  // namespace grant::test
