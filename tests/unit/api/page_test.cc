#include "grantd/api/page.h"

#include <gmock/gmock.h>

#include "grantd/api/cursor.h"

namespace grant::api {
namespace {

struct PageReply {
  std::string text;
  Json json;
  std::string next;  // the position that its cursor stands for
};

std::string Position(size_t i) {
  return "p" + std::to_string(i);
}
Json Item(size_t i) {
  return {{"i", i}};
}

PageReply PageOfList(size_t count, size_t limit, const std::function<Json(size_t)>& item = Item) {
  HttpRequest request;
  request.path = "/v1/requests";
  const nlohmann::json body;
  const Call call{request, "", body};
  PageReply reply;
  reply.text = PageOf(call, count, limit, item, Position).body;
  reply.json = Json::parse(reply.text);
  if (reply.json["next"].is_string()) reply.next = PositionOf(request, reply.json["next"]).value();
  return reply;
}

TEST(Page, AnEmptyListHasNoNext) {
  EXPECT_EQ(PageOfList(0, 10).text, R"({"items":[],"next":null})");
}

TEST(Page, AListThatFitsHasNoNext) {
  EXPECT_EQ(PageOfList(2, 2).text, R"({"items":[{"i":0},{"i":1}],"next":null})");
}

TEST(Page, OneMoreThanTheLimitMakesANextPage) {
  const PageReply reply = PageOfList(3, 2);
  EXPECT_EQ(reply.json["items"].dump(), R"([{"i":0},{"i":1}])");
  EXPECT_EQ(reply.next, "p1");
}

TEST(Page, EndsEarlyWhereItemsAreLarge) {
  const std::string large(1'000'000, 'x');
  const PageReply reply = PageOfList(100, 100, [&](size_t) { return Json(large); });
  EXPECT_LE(reply.text.size(), kPageBytesMax + 100);
  EXPECT_EQ(reply.next, "p3");
}

TEST(Page, AnItemBeyondTheBoundIsAPageOfItsOwn) {
  const std::string huge(2 * kPageBytesMax, 'x');
  EXPECT_EQ(PageOfList(2, 100, [&](size_t) { return Json(huge); }).next, "p0");
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

TEST_F(PageQuery, ACursorContinuesTheListThatGaveIt) {
  EXPECT_EQ(ReadCursor(WithQuery({})).value(), "");
  request_.path = "/v1/requests";
  request_.query = {{"status", "open"}};
  const std::string cursor = CursorAt(request_, "req_01");
  EXPECT_EQ(ReadCursor(WithQuery({{"cursor", cursor}, {"status", "open"}, {"limit", "9"}})).value(),
            "req_01");
  EXPECT_FALSE(ReadCursor(WithQuery({{"cursor", cursor}}))) << "another filter";
  request_.path = "/v1/grants";
  EXPECT_FALSE(ReadCursor(WithQuery({{"cursor", cursor}, {"status", "open"}})));
}

TEST_F(PageQuery, ACursorThatIsNoneIsRefusedWithAHint) {
  request_.path = "/v1/audit";
  const std::string cursor = CursorAt(request_, "41");
  std::vector<std::string> garbled{"x", "41", "req_01", cursor + "30", cursor.substr(2)};
  for (size_t i = 0; i < cursor.size(); ++i) {
    garbled.push_back(cursor);
    garbled.back()[i] = cursor[i] == '0' ? '1' : '0';
  }
  for (const std::string& text : garbled) {
    const auto refused = ReadCursor(WithQuery({{"cursor", text}}));
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Code::kInvalid);
    EXPECT_NE(refused.error().hint, "");
  }
  EXPECT_EQ(ReadNumericCursor(WithQuery({{"cursor", cursor}})).value(), 41);
  EXPECT_EQ(ReadNumericCursor(WithQuery({})).value(), 0);
  request_.query.clear();
  for (const char* position : {"0", "-1", "4x", "99999999999999999999"}) {
    const std::string forged = CursorAt(request_, position);
    EXPECT_FALSE(ReadNumericCursor(WithQuery({{"cursor", forged}}))) << position;
  }
}

TEST_F(PageQuery, APrincipalIsParsed) {
  EXPECT_EQ(ReadPrincipal(WithQuery({}), "holder").value(), std::nullopt);
  EXPECT_EQ(ReadPrincipal(WithQuery({{"holder", "unix:alice"}}), "holder").value()->text(),
            "unix:alice");
  EXPECT_FALSE(ReadPrincipal(WithQuery({{"holder", "alice"}}), "holder"));
}

}  // namespace
}  // namespace grant::api
