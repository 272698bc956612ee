#include "tools/grantctl/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;

Json Numbered(int first, int count) {
  Json items = Json::array();
  for (int i = 0; i < count; ++i) items.push_back({{"number", first - i}});
  return items;
}

// 2500 entries, newest first; `next` is "c" and the last number of a page.
FakeAnswer Entries(const FakeCall& call) {
  const auto value = [&call](const std::string& before, int otherwise) {
    const size_t at = call.target.find(before);
    return at == std::string::npos ? otherwise : std::stoi(call.target.substr(at + before.size()));
  };
  const int first = value("cursor=c", 2501) - 1;
  const int count = std::min(value("limit=", 100), first);
  const int last = first - count + 1;
  return Items(Numbered(first, count), last > 1 ? Json("c" + std::to_string(last)) : Json());
}

TEST(FetchList, OneCallIsEnoughForOnePage) {
  FakeGrantd grantd(Entries);
  Client client(grantd.socket());
  const auto list = FetchList(client, "/v1/audit", {{"event", "x"}}, {.limit = 100});
  ASSERT_TRUE(list);
  EXPECT_EQ((*list)["items"], Numbered(2500, 100));
  EXPECT_EQ((*list)["next"], "c2401");
  EXPECT_THAT(grantd.lines(), ElementsAre("GET /v1/audit?event=x&limit=100"));
}

TEST(FetchList, FollowsNextUpToTheLimit) {
  FakeGrantd grantd(Entries);
  Client client(grantd.socket());
  const auto list = FetchList(client, "/v1/audit", {}, {.limit = 2100});
  ASSERT_TRUE(list);
  EXPECT_EQ((*list)["items"], Numbered(2500, 2100));
  EXPECT_EQ((*list)["next"], "c401");
  EXPECT_THAT(grantd.lines(),
              ElementsAre("GET /v1/audit?limit=1000", "GET /v1/audit?cursor=c1501&limit=1000",
                          "GET /v1/audit?cursor=c501&limit=100"));
}

TEST(FetchList, AllMeansAll) {
  FakeGrantd grantd(Entries);
  Client client(grantd.socket());
  const auto list = FetchList(client, "/v1/audit", {}, {.limit = 1, .all = true});
  ASSERT_TRUE(list);
  EXPECT_EQ((*list)["items"], Numbered(2500, 2500));
  EXPECT_TRUE((*list)["next"].is_null());
}

TEST(FetchList, AnEmptyPageEndsTheWalk) {
  FakeGrantd grantd(Items(Json::array(), "again"));
  Client client(grantd.socket());
  EXPECT_TRUE(FetchList(client, "/v1/audit", {}, {.all = true}));
  EXPECT_EQ(grantd.calls().size(), 1u);
}

TEST(FetchList, AFailureOnALaterPageIsAFailure) {
  FakeGrantd grantd([](const FakeCall& call) {
    if (call.target.find("cursor") == std::string::npos) return Entries(call);
    return Problem(503, "unavailable", "the store is busy");
  });
  Client client(grantd.socket());
  const auto list = FetchList(client, "/v1/audit", {}, {.all = true});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().message, "the store is busy");
}

TEST(FetchList, RefusesWhatIsNoList) {
  FakeGrantd grantd(Json::object({{"items", 7}}));
  Client client(grantd.socket());
  EXPECT_FALSE(FetchList(client, "/v1/audit", {}, {}));
}

}  // namespace
}  // namespace grant::ctl
