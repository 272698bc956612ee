#include "tools/grantctl/nearest.h"

#include <gtest/gtest.h>

namespace grant::ctl {
namespace {

TEST(Nearest, FindsTheMisspeltWord) {
  EXPECT_EQ(Nearest("reqest", {"request", "grant", "rules"}), "request");
  EXPECT_EQ(Nearest("--signigs", {"--signings", "--window", "--reason"}), "--signings");
  EXPECT_EQ(Nearest("shwo", {"list", "show"}), "show");
}

TEST(Nearest, PrefersTheNearer) {
  EXPECT_EQ(Nearest("lists", {"lisp", "list"}), "list");
}

TEST(Nearest, OffersNothingFarFetched) {
  EXPECT_EQ(Nearest("frobnicate", {"list", "show"}), "");
  EXPECT_EQ(Nearest("xy", {"ab"}), "");
  EXPECT_EQ(Nearest("", {"ab"}), "");
  EXPECT_EQ(Nearest("list", {}), "");
  EXPECT_EQ(Nearest(std::string(65, 'a'), {std::string(65, 'a')}), "");
}

}  // namespace
}  // namespace grant::ctl
