#include "grantd/config/nearest_name.h"

#include <gtest/gtest.h>

namespace grant {
namespace {

const std::vector<std::string> kKnown = {"name", "members", "max_window", "max_signings", "id"};

TEST(NearestName, IsTheOneThatWasMeant) {
  EXPECT_EQ(NearestName("memebers", kKnown), "members");
  EXPECT_EQ(NearestName("Name", kKnown), "name");
  EXPECT_EQ(NearestName("max_signing", kKnown), "max_signings");
  EXPECT_EQ(NearestName("max-window", kKnown), "max_window");
  EXPECT_EQ(NearestName("SHA265-RSA", {"SHA224-RSA", "SHA256-RSA"}), "SHA256-RSA");
}

TEST(NearestName, IsNoneWhereNothingIsNear) {
  for (const char* const word : {"", "policy", "xy", "zzzzzzzz"}) {
    EXPECT_EQ(NearestName(word, kKnown), "") << word;
  }
  EXPECT_EQ(NearestName(std::string(100000, 'x'), kKnown), "");
  EXPECT_EQ(NearestName("name", {}), "");
}

TEST(NearestName, TheHintListsAllWhereNoneIsNear) {
  EXPECT_EQ(NearestNameHint("nmae", kKnown), "did you mean 'name'?");
  EXPECT_EQ(NearestNameHint("policy", {"key", "users"}), "known are: key, users");
}

}  // namespace
}  // namespace grant
