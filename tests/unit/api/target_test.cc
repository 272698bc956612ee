#include "grantd/api/target.h"

#include <gmock/gmock.h>

namespace grant::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Target, SplitsAndDecodes) {
  auto target = ParseTarget("/v1/requests/a%2fb?status=open&requester=unix:%231234&x=a+b%3D");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/requests/a/b");
  EXPECT_THAT(target->query, ElementsAre(Pair("requester", "unix:#1234"), Pair("status", "open"),
                                         Pair("x", "a+b=")));
}

TEST(Target, TakesAnEmptyQueryAndKeysWithoutValue) {
  EXPECT_THAT(ParseTarget("/v1?")->query, IsEmpty());
  EXPECT_THAT(ParseTarget("/v1?a&b=")->query, ElementsAre(Pair("a", ""), Pair("b", "")));
}

TEST(Target, RefusesWhatIsNotAPlainPathAndQuery) {
  for (const char* text : {"", "v1", "*", "http://host/v1", "/v1#part", "/%", "/%4", "/%zz", "/%g0",
                           "/v1?a=%", "/a%00", "/a%0ab", "/v1?a=%1b", "/a%7f", "/v1?=x", "/v1?&a=1",
                           "/v1?a=1&a=2", "/v1?a=1&%61=2"}) {
    EXPECT_FALSE(ParseTarget(text)) << text;
  }
}

TEST(Target, BoundsTheNumberOfKeys) {
  std::string text = "/v1?k=1";
  for (size_t i = 1; i < kQueryKeysMax; ++i) text += "&k" + std::to_string(i) + "=1";
  EXPECT_TRUE(ParseTarget(text));
  EXPECT_FALSE(ParseTarget(text + "&more=1"));
}

}  // namespace
}  // namespace grant::api
