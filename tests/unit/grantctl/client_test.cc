#include "tools/grantctl/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SocketOf, TakesAbsoluteUnixPathsOnly) {
  EXPECT_EQ(*SocketOf("unix:/run/grantd/api.sock"), "/run/grantd/api.sock");
  for (const std::string address : {"", "unix:", "unix:relative", "/run/grantd/api.sock",
                                    "https://grantd.example", "tcp:1.2.3.4:80"}) {
    const auto socket = SocketOf(address);
    ASSERT_FALSE(socket) << address;
    EXPECT_EQ(socket.error().exit, Exit::kUsage);
    EXPECT_FALSE(socket.error().hint.empty());
  }
  EXPECT_THAT(SocketOf("unix:/" + std::string(107, 'a')).error().message, HasSubstr("too long"));
}

TEST(Escape, KeepsOneSegmentOneSegment) {
  EXPECT_EQ(Escape("req_01JD"), "req_01JD");
  EXPECT_EQ(Escape("../rules?x=1&y#z"), "%2E%2E%2Frules%3Fx%3D1%26y%23z");
  EXPECT_EQ(Escape("ü "), "%C3%BC%20");
}

TEST(Client, SendsWhatItIsGiven) {
  FakeGrantd grantd(Json::object({{"ok", true}}));
  Client client(grantd.socket());
  ASSERT_TRUE(client.Get("/v1/requests/" + Escape("../x"), {{"cursor", "a b"}, {"limit", "3"}}));
  ASSERT_TRUE(client.Post("/v1/requests", Json::object({{"signer", "release"}})));
  EXPECT_THAT(grantd.lines(),
              ElementsAre("GET /v1/requests/%2E%2E%2Fx?cursor=a%20b&limit=3", "POST /v1/requests"));
  EXPECT_EQ(grantd.calls()[1].body, R"({"signer":"release"})");
}

TEST(Client, ChangesWhatItHasSeenOrNothing) {
  FakeGrantd grantd([](const FakeCall& call) -> FakeAnswer {
    if (call.method == "GET") return {.body = "{}", .etag = "\"7\""};
    return call.if_match == "\"7\"" ? FakeAnswer{200, "{}"} : Problem(412, "stale", "it changed");
  });
  Client client(grantd.socket());
  const auto seen = client.GetTagged("/v1/rules");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->etag, "\"7\"");
  EXPECT_TRUE(client.Post("/v1/rules", Json::object(), seen->etag));
  const auto stale = client.Post("/v1/rules", Json::object(), "\"6\"");
  ASSERT_FALSE(stale);
  EXPECT_TRUE(stale.error().stale);
  EXPECT_EQ(stale.error().exit, Exit::kRefused);
}

TEST(Client, BytesThatAreNotUtf8StillMakeJson) {
  FakeGrantd grantd(Json::object());
  Client client(grantd.socket());
  ASSERT_TRUE(client.Post("/v1/requests", Json::object({{"text", "a\xff"}})));
  EXPECT_EQ(grantd.calls()[0].json()["text"], "a\uFFFD");
}

TEST(Client, SaysThatNobodyListens) {
  const TemporaryDirectory directory;
  const Ran ran = RunAt("unix:" + directory.Path("api.sock"), {"whoami"});
  EXPECT_EQ(ran.exit, 6);
  EXPECT_THAT(ran.err, HasSubstr("grantctl: grantd cannot be reached at unix:"));
  EXPECT_THAT(ran.err, HasSubstr("No such file or directory\nhint: is grantd running"));
}

TEST(Client, SaysThatTheConnectionBroke) {
  FakeGrantd grantd(FakeAnswer{.hang_up = true});
  const Ran ran = RunAt(grantd, {"whoami"});
  EXPECT_EQ(ran.exit, 6);
  EXPECT_THAT(ran.err, HasSubstr("the connection to grantd failed"));
}

TEST(Client, SaysThatItIsNotGrantd) {
  for (const char* body : {"hello", "[]", "7", ""}) {
    FakeGrantd grantd(FakeAnswer{200, body});
    const Ran ran = RunAt(grantd, {"whoami"});
    EXPECT_EQ(ran.exit, 1);
    EXPECT_THAT(ran.err, HasSubstr("is not grantd"));
  }
}

TEST(Client, StopsAtTheBoundOfAnAnswer) {
  FakeGrantd grantd(FakeAnswer{200, std::string(kAnswerBytesMax + 1, ' ')});
  Client client(grantd.socket());
  const auto answer = client.Get("/v1/requests");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("larger than 64 MiB"));
}

}  // namespace
}  // namespace grant::ctl
