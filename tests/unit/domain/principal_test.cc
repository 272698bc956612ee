#include "grantd/domain/principal.h"

#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

TEST(Principal, IsASchemeAndAName) {
  const Principal principal = P("unix-group:release");
  EXPECT_EQ(principal.scheme(), "unix-group");
  EXPECT_EQ(principal.name(), "release");
  EXPECT_EQ(P("oidc:https://issuer/#42").scheme(), "oidc");
}

TEST(Principal, RefusesWhatCouldForgeALogLineOrALookalike) {
  for (const std::string& text :
       {std::string("alice"), std::string("unix:"), std::string(":alice"),
        std::string("Unix:alice"), std::string("unix:al ice"), std::string("unix:alice\n"),
        std::string("unix:\"alice\""), std::string("unix:\xc3\xa4"),
        std::string("unix:") + std::string(129, 'a'), std::string("unix:a\0b", 8)}) {
    EXPECT_FALSE(Principal::Parse(text).has_value()) << text;
  }
}

TEST(Identity, CoversItselfAndItsGroupsOnly) {
  const Identity alice = Who("unix:alice", {"unix-group:release"});
  EXPECT_TRUE(alice.Is(P("unix:alice")));
  EXPECT_TRUE(alice.Is(P("unix-group:release")));
  EXPECT_FALSE(alice.Is(P("unix:release")));
  EXPECT_FALSE(alice.Is(P("unix:alicea")));
}

}  // namespace
}  // namespace grant
