// Filing: what is filed once, what a request is bound to, and what approvers leave of it.
#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FilingTest : public ApiTest {
 protected:
  void SetUp() override { ApplyRules(); }

  static nlohmann::json Repeatable() {
    nlohmann::json wish = Wish();
    wish.erase("new");
    return wish;
  }
  Reply File(const nlohmann::json& wish) { return Post("alice", "/v1/requests", wish); }
  Reply FileWithKey(const std::string& key, const nlohmann::json& wish) {
    idempotency_key_ = key;
    Reply reply = File(wish);
    idempotency_key_.reset();
    return reply;
  }
  Reply FileWith(const std::string& key, const nlohmann::json& value) {
    nlohmann::json wish = Wish();
    wish[key] = value;
    return File(wish);
  }

  const std::string digest_ = "sha256:" + std::string(64, 'a');
};

TEST_F(FilingTest, RepeatingAnOpenRequestReturnsIt) {
  const Reply first = File(Repeatable());
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(first.json["existing"], false);
  const size_t entries = AuditEntries();
  const Reply again = File(Repeatable());
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json["existing"], true);
  EXPECT_EQ(again.json["id"], first.json["id"]);
  EXPECT_EQ(AuditEntries(), entries) << "nothing happened";
  const Reply another = File(Wish());
  EXPECT_EQ(another.status, 201);
  EXPECT_NE(another.json["id"], first.json["id"]);
}

TEST_F(FilingTest, AnythingElseIsAnotherRequest) {
  const Reply first = File(Repeatable());
  nlohmann::json wish = Repeatable();
  wish["signings"] = 2;
  EXPECT_EQ(File(wish).status, 201);
  EXPECT_EQ(Ids("/v1/requests").size(), 2U);
}

TEST_F(FilingTest, ARequestThatIsDecidedOrOverIsNotRepeated) {
  const std::string first = File(Repeatable()).json["id"];
  Send("alice", "POST", "/v1/requests/" + first + "/cancel");
  const Reply second = File(Repeatable());
  EXPECT_EQ(second.status, 201);
  now_ += std::chrono::hours(24);
  const Reply third = File(Repeatable());
  EXPECT_EQ(third.status, 201) << "the second one's time is over, though nobody has recorded it";
}

TEST_F(FilingTest, ARepeatedRequestShowsNoSecretAgain) {
  nlohmann::json wish = Repeatable();
  wish["secret"] = true;
  const Reply first = File(wish);
  EXPECT_TRUE(first.json.contains("secret"));
  const Reply again = File(wish);
  EXPECT_EQ(again.json["existing"], true);
  EXPECT_FALSE(again.json.contains("secret"));
  EXPECT_EQ(File(Repeatable()).json["existing"], false) << "one without a secret is another wish";
}

TEST_F(FilingTest, AnIdempotencyKeyFilesOnceWhateverBecameOfIt) {
  const Reply first = FileWithKey("key-1", Wish());
  ASSERT_EQ(first.status, 201) << first.text;
  Send("alice", "POST", "/v1/requests/" + std::string(first.json["id"]) + "/cancel");
  const Reply again = FileWithKey("key-1", Wish());
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json["id"], first.json["id"]);
  EXPECT_EQ(again.json["status"], "cancelled");
  EXPECT_EQ(FileWithKey("key-2", Wish()).status, 201);
}

TEST_F(FilingTest, ANewIdempotencyKeyFilesThoughTheSameIsOpen) {
  const Reply open = File(Repeatable());
  const Reply first = FileWithKey("key-1", Repeatable());
  EXPECT_EQ(first.status, 201);
  EXPECT_NE(first.json["id"], open.json["id"]);
  Send("alice", "POST", "/v1/requests/" + std::string(first.json["id"]) + "/cancel");
  EXPECT_EQ(FileWithKey("key-1", Repeatable()).json["id"], first.json["id"]);
}

TEST_F(FilingTest, AnIdempotencyKeyStandsForOneContent) {
  FileWithKey("key-1", Wish());
  nlohmann::json other = Wish();
  other["signings"] = 1;
  const Reply reply = FileWithKey("key-1", other);
  EXPECT_EQ(reply.json["code"], "conflict");
  EXPECT_THAT(reply.json["detail"], HasSubstr("with this Idempotency-Key and other content"));
}

TEST_F(FilingTest, AnIdempotencyKeyIsBoundedAndOfItsRequester) {
  EXPECT_EQ(FileWithKey(std::string(129, 'x'), Wish()).status, 413);
  EXPECT_EQ(FileWithKey("two words", Wish()).status, 400);
  EXPECT_EQ(FileWithKey("", Wish()).status, 400);
  FileWithKey("key-1", Wish());
  idempotency_key_ = "key-1";
  EXPECT_EQ(Post("mallory", "/v1/requests", Wish()).json["code"], "forbidden");
}

TEST_F(FilingTest, OfOneRequesterSoManyAreOpenAtATime) {
  for (uint32_t i = 0; i < kOpenRequestsMaxDefault; ++i) EXPECT_EQ(File(Wish()).status, 201);
  const Reply refused = File(Wish());
  EXPECT_EQ(refused.json["code"], "conflict");
  EXPECT_THAT(refused.json["detail"], HasSubstr("unix:alice has 20 open requests"));
  EXPECT_THAT(refused.json["hint"],
              HasSubstr("grantctl request list --status open --requester unix:alice"));
  EXPECT_EQ(File(Repeatable()).status, 200) << "one of them is still found";
  Send("alice", "POST", "/v1/requests/" + Ids("/v1/requests").front() + "/cancel");
  EXPECT_EQ(File(Wish()).status, 201);
  now_ += std::chrono::hours(24);
  EXPECT_EQ(File(Wish()).status, 201);
}

TEST_F(FilingTest, FilesAreDigestsWithNamesThatAreShown) {
  const Reply filed = FileWith("files", {{{"name", "dist/app\x1b.exe"}, {"digest", digest_}}});
  ASSERT_EQ(filed.status, 201) << filed.text;
  EXPECT_THAT(filed.json["digests"], ElementsAre(digest_));
  EXPECT_EQ(filed.json["files"][0]["name"], "dist/app_.exe");
  EXPECT_EQ(filed.json["files"][0]["digest"], digest_);
  const std::string path = "/v1/requests/" + std::string(filed.json["id"]);
  EXPECT_EQ(Get("bob", path).json["files"], filed.json["files"]);
  Send("bob", "POST", path + "/approve");
  const std::string id = Send("carol", "POST", path + "/approve").json["grant_id"];
  const Reply shown = Get("alice", "/v1/grants/" + id);
  EXPECT_THAT(shown.json["digests"], ElementsAre(digest_));
  EXPECT_EQ(shown.json["files"], filed.json["files"]);
}

TEST_F(FilingTest, NullIsNoWayToAskForAnything) {
  for (const char* key : {"digests", "files", "scopes"}) {
    const Reply refused = FileWith(key, nullptr);
    EXPECT_EQ(refused.status, 400) << key;
    EXPECT_THAT(refused.json["detail"], HasSubstr(std::string("'") + key + "' is null"));
  }
  EXPECT_TRUE(Ids("/v1/requests").empty());
}

TEST_F(FilingTest, ARequestUnderAKeyIsNobodyElses) {
  const Reply keyed = FileWithKey("key-1", Repeatable());
  EXPECT_EQ(File(Repeatable()).status, 201) << "whoever filed the other may take it back";
  EXPECT_EQ(FileWithKey("key-1", Repeatable()).json["id"], keyed.json["id"]);
}

TEST_F(FilingTest, FilesAreReadStrictly) {
  for (const nlohmann::json& files :
       {nlohmann::json("app.exe"), nlohmann::json({"app.exe"}),
        nlohmann::json({{{"name", "app.exe"}}}), nlohmann::json({{{"digest", digest_}}}),
        nlohmann::json({{{"name", ""}, {"digest", digest_}}}),
        nlohmann::json({{{"name", "a"}, {"digest", "md5:00"}}}),
        nlohmann::json({{{"name", "a"}, {"digest", digest_}, {"size", 1}}})}) {
    EXPECT_EQ(FileWith("files", files).status, 400) << files;
  }
}

TEST_F(FilingTest, ScopesGoWithTheRequestToItsGrant) {
  const Reply filed = FileWith("scopes", {"user=unix:alice", "program=/usr/bin/osslsigncode"});
  ASSERT_EQ(filed.status, 201) << filed.text;
  EXPECT_THAT(filed.json["scopes"],
              ElementsAre("user=unix:alice", "program=/usr/bin/osslsigncode"));
  const std::string path = "/v1/requests/" + std::string(filed.json["id"]);
  Send("bob", "POST", path + "/approve");
  const std::string id = Send("carol", "POST", path + "/approve").json["grant_id"];
  EXPECT_EQ(Get("alice", "/v1/grants/" + id).json["scopes"], filed.json["scopes"]);
}

TEST_F(FilingTest, AScopeThatIsNotUnderstoodFilesNothing) {
  for (const nlohmann::json& scopes :
       {nlohmann::json({"host=ci-1"}), nlohmann::json({"uid=0"}),
        nlohmann::json({"program=openssl"}), nlohmann::json({"user=unix:alice", "x"}),
        nlohmann::json("user=unix:alice"), nlohmann::json({{{"user", "unix:alice"}}})}) {
    EXPECT_EQ(FileWith("scopes", scopes).status, 400) << scopes;
  }
  EXPECT_TRUE(Ids("/v1/requests").empty());
}

TEST_F(FilingTest, AProgramCannotBeAskedForWhereGrantdSeesNone) {
  program_.clear();
  const Reply refused = FileWith("scopes", {"program=/usr/bin/osslsigncode"});
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.json["hint"], HasSubstr("CAP_SYS_PTRACE"));
  EXPECT_EQ(FileWith("scopes", {"user=unix:alice"}).status, 201);
}

TEST_F(FilingTest, AnApprovalMayNarrowAndIsShownEverywhere) {
  const std::string path = "/v1/requests/" + FileRequest();
  Reply first = Post("bob", path + "/approve", {{"signings", 2}, {"window", "30m"}});
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_EQ(first.json["decisions"][0]["narrowed"]["signings"], 2);
  EXPECT_EQ(first.json["narrowed"]["window"], "30m");
  EXPECT_EQ(first.json["signings"], 3) << "what was asked for stays as it was";
  EXPECT_EQ(Get("alice", "/v1/requests").json["items"][0]["narrowed"]["signings"], 2);
  const Reply second = Post("carol", path + "/approve", {{"window", "1h"}});
  const std::string id = second.json["grant_id"];
  const Reply grant = Get("alice", "/v1/grants/" + id);
  EXPECT_EQ(grant.json["max_signings"], 2);
  EXPECT_EQ(grant.json["not_after"], "2026-11-21T20:30:00Z");
  const Reply audit = Get("root", "/v1/audit?event=request.step-approved");
  EXPECT_EQ(audit.json["items"][0]["detail"]["narrowed"]["signings"], 2);
  EXPECT_EQ(audit.json["items"][0]["detail"]["narrowed"]["window"], "30m");
}

TEST_F(FilingTest, AnApprovalNeverWidens) {
  const std::string path = "/v1/requests/" + FileRequest() + "/approve";
  for (const nlohmann::json& wider :
       {nlohmann::json({{"signings", 4}}), nlohmann::json({{"signings", 0}}),
        nlohmann::json({{"window", "3h"}}), nlohmann::json({{"window", 30}})}) {
    EXPECT_EQ(Post("bob", path, wider).status, 400) << wider;
  }
  EXPECT_EQ(Send("bob", "POST", path).json["narrowed"], nullptr);
}

TEST_F(FilingTest, ListsTellWhatAwaitsTheCaller) {
  const std::string first = FileRequest();
  const std::string second = FileRequest();
  const auto awaiting = [&](const std::string& user) {
    std::vector<std::string> ids;
    const Reply reply = Get(user, "/v1/requests?awaiting=me");
    for (const auto& item : reply.json["items"]) ids.push_back(item["id"]);
    return ids;
  };
  EXPECT_THAT(awaiting("bob"), ElementsAre(second, first));
  EXPECT_THAT(awaiting("carol"), ElementsAre()) << "the step before hers is not complete";
  EXPECT_THAT(awaiting("root"), ElementsAre());
  Send("bob", "POST", "/v1/requests/" + first + "/approve");
  EXPECT_THAT(awaiting("bob"), ElementsAre(second));
  EXPECT_THAT(awaiting("carol"), ElementsAre(first));
  now_ += std::chrono::hours(24);
  EXPECT_THAT(awaiting("bob"), ElementsAre());
  EXPECT_EQ(Get("bob", "/v1/requests?awaiting=all").json["code"], "invalid");
}

}  // namespace
}  // namespace grant::api
