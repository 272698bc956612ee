// The [[user]] entries of the rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/config/rules_toml.h"

namespace grant {
namespace {

TEST(RulesUsers, HaveAKindAndAnAddress) {
  const auto rules = ParseRules(R"([[user]]
name = "unix:alice"
email = "alice@example.com"
[[user]]
name = "unix:ci"
kind = "machine"
)",
                                "rules.toml", {});
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_THAT(rules->users,
              testing::ElementsAre(
                  User{*Principal::Parse("unix:alice"), UserKind::kPerson, "alice@example.com"},
                  User{*Principal::Parse("unix:ci"), UserKind::kMachine, ""}));
  EXPECT_EQ(rules->FindUser(*Principal::Parse("unix:ci")), &rules->users[1]);
  EXPECT_EQ(rules->FindUser(*Principal::Parse("unix:bob")), nullptr);
}

struct WrongUsers {
  const char* document;
  const char* message;
  const char* hint;
};

class WrongUser : public testing::TestWithParam<WrongUsers> {};

TEST_P(WrongUser, IsRefusedWithItsLine) {
  const auto rules = ParseRules(GetParam().document, "rules.toml", {});
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().code, Code::kInvalid);
  EXPECT_THAT(rules.error().message, testing::StartsWith(GetParam().message));
  EXPECT_EQ(rules.error().hint, GetParam().hint);
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongUser,
    testing::Values(
        WrongUsers{"[[user]]\nkind = 'person'", "rules.toml:1: [[user]]: 'name' is missing", ""},
        WrongUsers{"[[user]]\nname = 'alice'",
                   "rules.toml:2: 'name' is wrong: 'alice' names nobody",
                   "write it as unix:NAME, unix-group:NAME or group:NAME"},
        WrongUsers{"[[user]]\nname = 'unix:a'\nmail = 'a@b'",
                   "rules.toml:3: unknown key 'mail' in [[user]]", "did you mean 'email'?"},
        WrongUsers{"[[user]]\nname = 'unix:a'\nkind = 'machina'",
                   "rules.toml:3: 'kind' is 'machina', which is no kind of user",
                   "did you mean 'machine'?"},
        WrongUsers{"[[user]]\nname = 'unix:a'\nemail = 'a@b, eve@c'",
                   "rules.toml:3: 'email' is wrong: 'a@b, eve@c' is no e-mail address",
                   "write the address alone, as in bob@example.com"},
        WrongUsers{"[[user]]\nname = 'unix:a'\nemail = \"a@b\\r\\nBcc: eve@c\"",
                   "rules.toml:3: 'email' must not have control characters", ""},
        WrongUsers{"[[user]]\nname = 'unix:a'\nemail = ''",
                   "rules.toml:3: 'email' must not be empty", ""}));

TEST(RulesUsers, AreNoGroupsAndNamedOnce) {
  for (const char* document : {"[[user]]\nname = 'unix-group:a'", "[[user]]\nname = 'group:a'",
                               "[[user]]\nname = 'unix:a'\n[[user]]\nname = 'unix:a'"}) {
    EXPECT_FALSE(ParseRules(document, "rules.toml", {})) << document;
  }
}

}  // namespace
}  // namespace grant
