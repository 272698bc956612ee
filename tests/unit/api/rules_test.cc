#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::HasSubstr;

class RulesTest : public ApiTest {
 protected:
  Reply Apply(const nlohmann::json& more = nlohmann::json::object()) {
    nlohmann::json body = {{"document", kRulesToml}, {"source", "rules.toml"}};
    body.update(more);
    return Post("root", "/v1/rules", body);
  }
  int64_t VersionInForce() { return Get("root", "/v1/rules").json["version"]; }
};

TEST_F(RulesTest, AreAppliedAsOneVersion) {
  Reply reply = Apply();
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_THAT(KeysOf(reply.json),
              testing::ElementsAre("version", "changes", "warnings", "applied"));
  EXPECT_EQ(reply.json["version"], 1);
  EXPECT_EQ(reply.json["applied"], true);
  EXPECT_FALSE(reply.json["changes"].empty());
  Reply shown = Get("root", "/v1/rules");
  EXPECT_EQ(shown.json["version"], 1);
  EXPECT_EQ(shown.json["applied_by"], "unix:root");
  EXPECT_EQ(shown.json["signers"].size(), 2U);
}

TEST_F(RulesTest, TheSameRulesAgainChangeNothing) {
  Apply();
  Reply again = Apply();
  EXPECT_EQ(again.json.dump(), R"({"version":1,"changes":[],"warnings":[],"applied":false})");
}

TEST_F(RulesTest, ADryRunAppliesNothing) {
  Reply reply = Apply({{"dry_run", true}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.json["applied"], false);
  EXPECT_FALSE(reply.json["changes"].empty());
  EXPECT_EQ(VersionInForce(), 0);
}

TEST_F(RulesTest, AFaultInTheDocumentIsToldWithItsLine) {
  Reply reply = Apply({{"document", "[[group]]\nname = \"g\"\nmemebers = []\n"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.json["detail"], HasSubstr("rules.toml:3"));
  EXPECT_THAT(reply.json["hint"], HasSubstr("members"));
  EXPECT_EQ(VersionInForce(), 0);
}

TEST_F(RulesTest, FilesAreTexts) {
  Reply reply = Apply({{"files", {{"release.pem", 7}}}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.json["detail"], "'files.release.pem' is not a string");
}

TEST_F(RulesTest, ANeededKeyThatIsMissingIsNamed) {
  Reply reply = Post("root", "/v1/rules", {{"source", "rules.toml"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.json["detail"], "missing key 'document'");
}

}  // namespace
}  // namespace grant::api
