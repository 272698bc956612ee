#include "grantd/net/user_database.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "grantd/net/unix_socket.h"

namespace grant {
namespace {

constexpr uid_t kNobodysNumber = 3'999'999'999;

TEST(UserDatabase, GivesNamesToNumbers) {
  EXPECT_EQ(UserPrincipal(0).value().text(), "unix:root");
  EXPECT_EQ(UnixGroupPrincipal(0).text(), "unix-group:root");
}

TEST(UserDatabase, ANumberWithoutANameStandsForItself) {
  EXPECT_EQ(UserPrincipal(kNobodysNumber).value().text(), "unix:#3999999999");
  EXPECT_EQ(UnixGroupPrincipal(kNobodysNumber).text(), "unix-group:#3999999999");
}

TEST(UserDatabase, FindsUsersByNameAndNumber) {
  const auto named = FindUnixUser("root").value();
  ASSERT_TRUE(named);
  EXPECT_EQ(named->uid, 0U);
  const auto numbered = FindUnixUser("#0").value();
  ASSERT_TRUE(numbered);
  EXPECT_EQ(numbered->name, "root");
  for (const char* const nobody :
       {"", "no-such-user-here", "#", "#3999999999", "#-1", "#0x0", "#99999999999999999999"}) {
    EXPECT_FALSE(FindUnixUser(nobody).value()) << nobody;
  }
}

TEST(UserDatabase, GroupsAreListedOnceInOrder) {
  const auto groups = UnixGroupPrincipals({kNobodysNumber, 0, kNobodysNumber, 0});
  EXPECT_THAT(groups, ::testing::ElementsAre(*Principal::Parse("unix-group:root"),
                                             *Principal::Parse("unix-group:#3999999999")));
}

TEST(UnixGroupMembers, AreThoseWhosePrimaryGroupItIsToo) {
  for (const char* const group : {"unix-group:root", "unix-group:#0"}) {
    EXPECT_THAT(UnixGroupMembers(*Principal::Parse(group)),
                ::testing::Contains(*Principal::Parse("unix:root")))
        << group;
  }
}

TEST(UnixGroupMembers, AreThoseWhomTheGroupListsOnceEach) {
  bool found = false;
  while (const group* const one = getgrent()) {
    if (*one->gr_mem == nullptr) continue;
    const auto members =
        UnixGroupMembers(*Principal::Parse(std::string("unix-group:") + one->gr_name));
    for (char** name = one->gr_mem; *name != nullptr; ++name) {
      EXPECT_EQ(std::count(members.begin(), members.end(),
                           *Principal::Parse(std::string("unix:") + *name)),
                1)
          << one->gr_name;
    }
    found = true;
    break;
  }
  endgrent();
  if (!found) GTEST_SKIP() << "no group on this machine lists anybody";
}

TEST(UnixGroupMembers, OfWhatIsNoUnixGroupAreNone) {
  for (const char* const other : {"unix-group:no-such-group-here", "unix-group:#3999999999",
                                  "unix-group:#x", "unix:root", "group:root"}) {
    EXPECT_TRUE(UnixGroupMembers(*Principal::Parse(other)).empty()) << other;
  }
}

TEST(UnixGroupsOf, IncludesThePrimaryGroup) {
  EXPECT_THAT(UnixGroupsOf(*Principal::Parse("unix:root")).value(),
              ::testing::Contains(*Principal::Parse("unix-group:root")));
}

TEST(UnixGroupsOf, IsEmptyForWhoeverIsNoUnixUser) {
  for (const char* const other :
       {"unix:no-such-user-here", "unix-group:root", "group:root", "oidc:root"}) {
    EXPECT_TRUE(UnixGroupsOf(*Principal::Parse(other)).value().empty()) << other;
  }
}

TEST(LiveIdentity, IsTheNameAndTheGroupsOfTheUserDatabase) {
  const Identity root = LiveIdentity(0).value();
  EXPECT_EQ(root.principal.text(), "unix:root");
  EXPECT_EQ(root.uid, 0U);
  EXPECT_EQ(root.groups, UnixGroupsOf(root.principal).value());
}

// Not even those that this very process has.
TEST(LiveIdentity, WithoutANameBelongsToNoGroup) {
  const Identity nobody = LiveIdentity(kNobodysNumber).value();
  EXPECT_EQ(nobody.principal.text(), "unix:#3999999999");
  EXPECT_TRUE(nobody.groups.empty());
}

TEST(CanonicalUser, IsTheNameOfTheNumber) {
  const auto canonical = [](const char* named) {
    return CanonicalUser(Principal::Parse(named).value()).value();
  };
  EXPECT_EQ(canonical("unix:root"), Principal::Parse("unix:root").value());
  EXPECT_EQ(canonical("unix:#0"), Principal::Parse("unix:root").value());
  for (const char* nobody : {"unix:no-such-user-here", "unix:#3999999999", "unix-group:root"}) {
    EXPECT_FALSE(canonical(nobody)) << nobody;
  }
  EXPECT_THAT(UnixUserNames(), ::testing::Contains("unix:root"));
}

}  // namespace
}  // namespace grant
