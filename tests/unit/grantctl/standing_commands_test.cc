#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::HasSubstr;

TEST(WhoAmI, SaysWhatTheCallerMayDo) {
  const Json standing = Json::parse(R"({"principal":"unix:alice","groups":["unix-group:release"],
    "admin":false,"signers":["release"],"approves":[]})");
  FakeGrantd grantd(standing);
  EXPECT_EQ(RunAt(grantd, {"whoami"}).out,
            "Principal      unix:alice\n"
            "Groups         unix-group:release\n"
            "Administrator  no\n"
            "May request    release\n"
            "May approve    none\n");
  EXPECT_EQ(RunAt(grantd, {"whoami", "-o", "name"}).out, "unix:alice\n");
  EXPECT_EQ(Json::parse(RunAt(grantd, {"-o", "json", "whoami"}).out), standing);
}

TEST(Version, ShowsBothSides) {
  FakeGrantd grantd(Json::parse(
      R"({"status":"ok","version":"9.8.7","tokens":[{"name":"prod","present":true}]})"));
  EXPECT_EQ(RunAt(grantd, {"version"}).out,
            "grantctl  " GRANT_VERSION "\ngrantd    9.8.7, ok; token prod present\n");
}

TEST(Version, NeedsNoGrantd) {
  const TemporaryDirectory directory;
  const Ran ran = RunAt("unix:" + directory.Path("none"), {"version"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out, "grantctl  " GRANT_VERSION "\n");
  EXPECT_THAT(ran.err, HasSubstr("grantd cannot be reached"));
}

}  // namespace
}  // namespace grant::ctl
