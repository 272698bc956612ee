#include "grantd/domain/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

Scope S(const std::string& text) {
  return Scope::Parse(text).value();
}

TEST(Scope, ComesBackAsItWasWritten) {
  for (const char* text : {"user=unix:alice", "user=unix:#1234", "program=/usr/bin/openssl",
                           "program=/opt/my tool/sign=x"}) {
    EXPECT_EQ(S(text).text(), text);
  }
}

TEST(Scope, WhatIsNotUnderstoodIsAnErrorAndNeverNoCondition) {
  for (const char* text :
       {"", "user", "=", "uid=0", "User=unix:alice", "user=", "user=alice", "user=group:security",
        "user=unix-group:release", "program=", "program=openssl", "program=/", "program=/usr/bin/",
        "program=/usr//bin/x", "program=/usr/../x", "program=/usr/./x", "program=/usr/bin/..",
        "program=/a\nb", " user=unix:alice"}) {
    EXPECT_FALSE(Scope::Parse(text)) << text;
  }
  EXPECT_FALSE(Scope::Parse("program=/" + std::string(kProgramPathBytesMax, 'x')));
}

TEST(Scope, HostIsRefusedAsNotAvailable) {
  const auto host = Scope::Parse("host=ci-1");
  ASSERT_FALSE(host);
  EXPECT_THAT(host.error().message, testing::HasSubstr("'host' is not available"));
}

TEST(Scope, OneOfEachKeyHasToMatch) {
  const std::vector<Scope> scopes = {S("user=unix:alice"), S("user=unix:bob"),
                                     S("program=/usr/bin/openssl")};
  EXPECT_TRUE(Allow(scopes, P("unix:alice"), "/usr/bin/openssl"));
  EXPECT_TRUE(Allow(scopes, P("unix:bob"), "/usr/bin/openssl"));
  EXPECT_FALSE(Allow(scopes, P("unix:carol"), "/usr/bin/openssl"));
  EXPECT_FALSE(Allow(scopes, P("unix:alice"), "/usr/bin/openssl2"));
  EXPECT_FALSE(Allow(scopes, P("unix:alice"), "/usr/bin/openssl (deleted)"));
  EXPECT_TRUE(Allow({}, P("unix:carol"), ""));
}

TEST(Scope, AProgramThatCannotBeSeenIsNotTheOneNamed) {
  EXPECT_FALSE(Allow({S("program=/usr/bin/openssl")}, P("unix:alice"), ""));
  EXPECT_TRUE(Allow({S("user=unix:alice")}, P("unix:alice"), ""));
}

}  // namespace
}  // namespace grant
