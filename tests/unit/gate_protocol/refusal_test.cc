#include "grant/refusal.h"

#include <gtest/gtest.h>

#include <set>

namespace grant {
namespace {

TEST(CauseName, EveryCauseHasItsOwn) {
  std::set<std::string> names;
  for (int number = 1; number <= static_cast<int>(Cause::kSealed); ++number) {
    std::string name = CauseName(static_cast<Cause>(number));
    EXPECT_NE(name, "unknown") << number;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(std::string(CauseName(Cause::kUsedUp)), "used-up");
}

TEST(CauseName, AnotherNumberIsUnknown) {
  EXPECT_STREQ(CauseName(static_cast<Cause>(0)), "unknown");
  EXPECT_STREQ(CauseName(static_cast<Cause>(30)), "unknown");
}

}  // namespace
}  // namespace grant
