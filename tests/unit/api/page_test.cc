#include "grantd/api/page.h"

#include <gmock/gmock.h>

namespace grant::api {
namespace {

std::string Cursor(size_t i) {
  return "c" + std::to_string(i);
}
Json Item(size_t i) {
  return {{"i", i}};
}

TEST(Page, AnEmptyListHasNoNext) {
  EXPECT_EQ(PageOf(0, 10, Item, Cursor).body, R"({"items":[],"next":null})");
}

TEST(Page, AListThatFitsHasNoNext) {
  EXPECT_EQ(PageOf(2, 2, Item, Cursor).body, R"({"items":[{"i":0},{"i":1}],"next":null})");
}

TEST(Page, OneMoreThanTheLimitMakesANextPage) {
  EXPECT_EQ(PageOf(3, 2, Item, Cursor).body, R"({"items":[{"i":0},{"i":1}],"next":"c1"})");
}

TEST(Page, EndsEarlyWhereItemsAreLarge) {
  const std::string large(1'000'000, 'x');
  HttpResponse response = PageOf(
      100, 100, [&](size_t) { return Json(large); }, Cursor);
  EXPECT_LE(response.body.size(), kPageBytesMax + 100);
  EXPECT_TRUE(response.body.ends_with(R"("next":"c3"})"));
}

TEST(Page, AnItemBeyondTheBoundIsAPageOfItsOwn) {
  const std::string huge(2 * kPageBytesMax, 'x');
  HttpResponse response = PageOf(
      2, 100, [&](size_t) { return Json(huge); }, Cursor);
  EXPECT_TRUE(response.body.ends_with(R"("next":"c0"})"));
}

class PageQuery : public testing::Test {
 protected:
  Call WithQuery(std::map<std::string, std::string> query) {
    request_.query = std::move(query);
    return {request_, "", body_};
  }

  HttpRequest request_;
  nlohmann::json body_;
};

TEST_F(PageQuery, TheLimitIsANumberFrom1To1000) {
  EXPECT_EQ(ReadLimit(WithQuery({})).value(), 100U);
  EXPECT_EQ(ReadLimit(WithQuery({{"limit", "1"}})).value(), 1U);
  EXPECT_EQ(ReadLimit(WithQuery({{"limit", "1000"}})).value(), 1000U);
  for (const char* text :
       {"", "0", "1001", "-1", "+1", " 1", "1x", "ten", "99999999999999999999"}) {
    EXPECT_FALSE(ReadLimit(WithQuery({{"limit", text}}))) << text;
  }
}

TEST_F(PageQuery, APageBeginsAfterAnId) {
  EXPECT_EQ(ReadBefore(WithQuery({}), "req_").value(), "");
  EXPECT_EQ(ReadBefore(WithQuery({{"before", "req_01"}}), "req_").value(), "req_01");
  EXPECT_FALSE(ReadBefore(WithQuery({{"before", "grt_01"}}), "req_"));
  EXPECT_FALSE(ReadBefore(WithQuery({{"before", "req_%"}}), "req_"));
}

TEST_F(PageQuery, APrincipalIsParsed) {
  EXPECT_EQ(ReadPrincipal(WithQuery({}), "holder").value(), std::nullopt);
  EXPECT_EQ(ReadPrincipal(WithQuery({{"holder", "unix:alice"}}), "holder").value()->text(),
            "unix:alice");
  EXPECT_FALSE(ReadPrincipal(WithQuery({{"holder", "alice"}}), "holder"));
}

}  // namespace
}  // namespace grant::api
