// Grant secrets: shown once, by the answer to the request's creation, and nowhere else.
#include <fstream>
#include <sstream>

#include "grantd/domain/grant_secret.h"
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecretsTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }

  Reply FileWithSecret() {
    nlohmann::json wish = Wish();
    wish["secret"] = true;
    Reply reply = Post("alice", "/v1/requests", wish);
    EXPECT_EQ(reply.status, 201) << reply.text;
    return reply;
  }

  std::string Approve(const std::string& request) {
    const std::string path = "/v1/requests/" + request + "/approve";
    Send("bob", "POST", path);
    return Send("carol", "POST", path).json["grant_id"];
  }
};

TEST_F(SecretsTest, TheCreationAloneShowsIt) {
  const Reply filed = FileWithSecret();
  const std::string secret = filed.json["secret"];
  EXPECT_TRUE(HasFormOfGrantSecret(secret)) << secret;
  EXPECT_EQ(KeysOf(filed.json).back(), "secret");
  EXPECT_EQ(filed.json["has_secret"], true);
  const std::string id = filed.json["id"];
  const Reply shown = Get("alice", "/v1/requests/" + id);
  EXPECT_EQ(shown.json["has_secret"], true);
  EXPECT_FALSE(shown.json.contains("secret"));
}

TEST_F(SecretsTest, TheGrantSaysThatItHasOne) {
  const std::string grant = Approve(FileWithSecret().json["id"]);
  EXPECT_EQ(Get("alice", "/v1/grants/" + grant).json["has_secret"], true);
  EXPECT_EQ(Get("alice", "/v1/grants/" + IssueGrant()).json["has_secret"], false);
}

TEST_F(SecretsTest, NeitherItNorItsHashIsInAnyOtherAnswer) {
  const Reply filed = FileWithSecret();
  const std::string secret = filed.json["secret"];
  const std::string grant = Approve(filed.json["id"]);
  for (const std::string& target :
       {std::string("/v1/requests"), "/v1/requests/" + std::string(filed.json["id"]),
        std::string("/v1/grants"), "/v1/grants/" + grant, std::string("/v1/audit?limit=1000"),
        "/v1/explain/" + grant}) {
    const Reply reply = Get("root", target);
    ASSERT_EQ(reply.status, 200) << target;
    EXPECT_THAT(reply.text, Not(HasSubstr(secret))) << target;
    EXPECT_THAT(reply.text, Not(HasSubstr(HashOfGrantSecret(secret)))) << target;
  }
}

TEST_F(SecretsTest, NoFileOfTheStoreHoldsIt) {
  const Reply filed = FileWithSecret();
  const std::string secret = filed.json["secret"];
  Approve(filed.json["id"]);
  bool hash_found = false;
  for (const auto& file : std::filesystem::directory_iterator(directory_)) {
    std::ostringstream content;
    content << std::ifstream(file.path(), std::ios::binary).rdbuf();
    EXPECT_THAT(content.str(), Not(HasSubstr(secret))) << file.path();
    hash_found |= content.str().find(HashOfGrantSecret(secret)) != std::string::npos;
  }
  EXPECT_TRUE(hash_found) << "the search looked where it had to";
}

TEST_F(SecretsTest, EachRequestHasOneOfItsOwnAndOnlyWhereItWasAskedFor) {
  EXPECT_NE(FileWithSecret().json["secret"], FileWithSecret().json["secret"]);
  nlohmann::json wish = Wish();
  wish["secret"] = false;
  const Reply without = Post("alice", "/v1/requests", wish);
  EXPECT_FALSE(without.json.contains("secret"));
  EXPECT_EQ(without.json["has_secret"], false);
  wish["secret"] = "gsec_mine";
  EXPECT_EQ(Post("alice", "/v1/requests", wish).status, 400);
}

TEST_F(SecretsTest, TheAuditSaysThatThereIsOne) {
  const std::string grant = Approve(FileWithSecret().json["id"]);
  const auto items = Get("root", "/v1/audit").json["items"];
  int marked = 0;
  for (const auto& entry : items) marked += entry["detail"].contains("has_secret") ? 1 : 0;
  EXPECT_EQ(marked, 2) << "the request and the grant";
}

}  // namespace
}  // namespace grant::api
