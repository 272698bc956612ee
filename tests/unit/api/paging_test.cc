// Walks through lists while they change: whatever was there all the time is seen exactly once.
#include <algorithm>
#include <set>

#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::ElementsAre;

class PagingTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }

  // The names under `key` of all items, page by page, `between` being called after each page.
  template <typename Between>
  std::vector<std::string> Walk(const std::string& list, const char* key, Between between) {
    std::vector<std::string> seen;
    std::string cursor;
    do {
      const Reply page = Get("root", list + "limit=2" + cursor);
      EXPECT_EQ(page.status, 200) << page.text;
      for (const auto& item : page.json["items"]) {
        seen.push_back(item[key].is_string() ? item[key].get<std::string>() : item[key].dump());
      }
      cursor = page.json["next"].is_null() ? "" : "&cursor=" + page.json["next"].get<std::string>();
      between();
    } while (!cursor.empty());
    return seen;
  }

  // Rules with signers of these names, in this order.
  void ApplySigners(const std::vector<std::string>& names) {
    std::string document;
    for (const std::string& name : names) {
      document += "[[signer]]\nname = \"" + name + "\"\nkey = \"pkcs11:object=" + name +
                  "\"\nusers = [\"unix:alice\"]\n";
    }
    const Reply reply = Post("root", "/v1/rules", {{"document", document}, {"source", "r"}});
    ASSERT_EQ(reply.status, 200) << reply.text;
  }
};

TEST_F(PagingTest, RequestsThatComeInBetweenMoveNone) {
  std::vector<std::string> filed;
  for (int i = 0; i < 7; ++i) {
    filed.insert(filed.begin(), FileRequest());
    now_ += std::chrono::milliseconds(i % 2);  // some at the same instant
  }
  EXPECT_EQ(Walk("/v1/requests?", "id", [this] { FileRequest(); }), filed);
}

TEST_F(PagingTest, GrantsThatComeInBetweenMoveNone) {
  std::vector<std::string> issued;
  for (int i = 0; i < 5; ++i) issued.insert(issued.begin(), IssueGrant());
  EXPECT_EQ(Walk("/v1/grants?holder=unix:alice&", "id", [this] { IssueGrant(); }), issued);
}

TEST_F(PagingTest, EntriesThatComeInBetweenMoveNone) {
  FileRequest();
  FileRequest();
  FileRequest();
  EXPECT_THAT(Walk("/v1/audit?", "number", [this] { FileRequest(); }),
              ElementsAre("4", "3", "2", "1"));
}

TEST_F(PagingTest, VersionsThatComeInBetweenMoveNone) {
  ApplySigners({"a"});
  ApplySigners({"b"});
  int number = 0;
  EXPECT_THAT(Walk("/v1/rules/history?", "version",
                   [&] { ApplySigners({"c" + std::to_string(++number)}); }),
              ElementsAre("3", "2", "1"));
}

TEST_F(PagingTest, SignersKeepTheirPlacesWhateverTheRulesBecome) {
  ApplySigners({"e", "d", "c", "b", "a"});
  EXPECT_THAT(Walk("/v1/signers?", "name", [] {}), ElementsAre("a", "b", "c", "d", "e"));
  ApplySigners({"e", "d", "c", "b", "a"});
  // "b" ended the first page and is gone; the others come in another order, with new ones.
  EXPECT_THAT(Walk("/v1/signers?", "name",
                   [this] {
                     ApplySigners({"aa", "c", "a", "e", "d"});
                   }),
              ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(PagingTest, ACursorIsGoodForItsOwnListAndFiltersAlone) {
  for (int i = 0; i < 3; ++i) IssueGrant();
  const std::string cursor = Get("root", "/v1/requests?signer=release&limit=1").json["next"];
  EXPECT_EQ(Get("root", "/v1/requests?signer=release&limit=2&cursor=" + cursor).status, 200);
  for (const char* list : {"/v1/requests?", "/v1/requests?signer=nightly&", "/v1/grants?",
                           "/v1/audit?", "/v1/signers?", "/v1/rules/history?"}) {
    const Reply reply = Get("root", list + ("cursor=" + cursor));
    EXPECT_EQ(reply.status, 400) << list;
    EXPECT_EQ(reply.json["detail"], "'cursor' is not the 'next' of a page of this list");
    EXPECT_NE(reply.json["hint"], nullptr);
  }
}

}  // namespace
}  // namespace grant::api
