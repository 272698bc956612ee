#include "grantd/api/http_server.h"

#include <gmock/gmock.h>

#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/unit/api/raw_client.h"

namespace grant::api {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(HttpServerTest, DecodesPathQueryAndBody) {
  Serve();
  RawClient client = Client();
  EXPECT_EQ(client.Ask(Get("/v1/a%20b?x=1%2B&y")).body, "GET /v1/a b x=1+ y=");
  EXPECT_EQ(client.Ask(Post("/v1/c", "{\"d\":1}")).body, "POST /v1/c {\"d\":1}");
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Serve();
  RawClient client = Client();
  client.Send(Get("/1") + Post("/2", "two") + Get("/3"));
  EXPECT_EQ(client.Receive().body, "GET /1");
  EXPECT_EQ(client.Receive().body, "POST /2 two");
  EXPECT_EQ(client.Receive().body, "GET /3");
}

TEST_F(HttpServerTest, TakesARequestInSingleBytes) {
  Serve();
  RawClient client = Client();
  for (char byte : Post("/v1/slow", "body")) ASSERT_TRUE(client.Send({&byte, 1}));
  EXPECT_EQ(client.Receive().body, "POST /v1/slow body");
}

TEST_F(HttpServerTest, AnswersAClientThatStoppedSending) {
  Serve();
  RawClient client = Client();
  client.Send(Get("/v1/last"));
  client.FinishSending();
  EXPECT_EQ(client.Receive().body, "GET /v1/last");
  EXPECT_TRUE(client.IsEnded());
}

TEST_F(HttpServerTest, TellsTheHandlerWhoTheKernelSaysIsThere) {
  std::string seen;
  Serve([&](const HttpRequest& request) {
    seen = request.peer.identity.principal.text();
    return HttpResponse{};
  });
  RawClient client = Client();
  client.Ask(
      "GET / HTTP/1.1\r\nX-Remote-User: unix:mallory\r\nAuthorization: Basic bWFsbG9yeTp4\r\n\r\n");
  EXPECT_EQ(seen, SelfPrincipal().value().text());
}

TEST_F(HttpServerTest, AsksWhoIsThereAnewForEachRequest) {
  std::vector<std::string> names = {"unix:alice", "unix:#5001"};
  Serve(
      [](const HttpRequest& request) {
        HttpResponse response;
        response.body = request.peer.identity.principal.text();
        return response;
      },
      {},
      [&](uid_t uid) -> Result<Identity> {
        EXPECT_EQ(uid, geteuid());
        if (names.empty()) return Fail(Code::kUnavailable, "cannot look up uid");
        const std::string name = names.front();
        names.erase(names.begin());
        return Identity{Principal::Parse(name).value(), {}, uid};
      });
  RawClient client = Client();
  EXPECT_EQ(client.Ask(Get("/1")).body, "unix:alice");
  EXPECT_EQ(client.Ask(Get("/2")).body, "unix:#5001");
  EXPECT_EQ(client.Ask(Get("/3")).status, 503);
}

TEST_F(HttpServerTest, HandsOnTheHeadersThatMatter) {
  HttpRequest seen;
  Serve([&](const HttpRequest& request) {
    seen = request;
    return HttpResponse{};
  });
  RawClient client = Client();
  client.Ask(
      "GET / HTTP/1.1\r\nidempotency-key: 7f-1\r\nIF-MATCH: \"a\", W/\"b\"\r\n"
      "content-type: text/plain\r\n\r\n");
  EXPECT_EQ(seen.idempotency_key, "7f-1");
  EXPECT_EQ(seen.if_match, "\"a\", W/\"b\"");
  EXPECT_EQ(seen.content_type, "text/plain");
  client.Ask(Get("/"));
  EXPECT_EQ(seen.idempotency_key, std::nullopt);
  EXPECT_EQ(seen.if_match, std::nullopt);
  EXPECT_EQ(seen.content_type, "");
}

TEST_F(HttpServerTest, OfAHeaderThatIsGivenTwiceNoneIsPassedOver) {
  HttpRequest seen;
  Serve([&](const HttpRequest& request) {
    seen = request;
    return HttpResponse{};
  });
  Client().Ask(
      "GET / HTTP/1.1\r\nIf-Match: \"a\"\r\nContent-Type: application/json\r\nIf-Match: \"b\"\r\n"
      "Content-Type: text/plain\r\n\r\n");
  EXPECT_EQ(seen.if_match, "\"a\", \"b\"");
  EXPECT_EQ(seen.content_type, "application/json, text/plain");
}

TEST_F(HttpServerTest, ReadsChunkedBodies) {
  Serve();
  RawClient client = Client();
  EXPECT_EQ(client
                .Ask("POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "3\r\nabc\r\n4;note=x\r\ndefg\r\n0\r\n\r\n")
                .body,
            "POST /c abcdefg");
}

TEST_F(HttpServerTest, AsksForABodyThatIsOfferedFirst) {
  Serve();
  RawClient client = Client();
  client.Send("POST /e HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  EXPECT_EQ(client.Ask("hi").body, "POST /e hi");
}

TEST_F(HttpServerTest, AnswersHeadLikeGetWithoutTheBody) {
  Serve();
  RawClient client = Client();
  client.Send("HEAD /v1/h HTTP/1.1\r\n\r\n");
  RawResponse response = client.Receive(true);
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.head, HasSubstr("Content-Length: 9\r\n"));  // "GET /v1/h"
  EXPECT_EQ(client.unread_bytes(), 0U);
  EXPECT_EQ(client.Ask(Get("/next")).body, "GET /next");
}

TEST_F(HttpServerTest, LeavesUnknownMethodsToTheHandler) {
  Serve();
  EXPECT_EQ(Client().Ask("BREW /pot HTTP/1.1\r\n\r\n").body, "BREW /pot");
}

TEST_F(HttpServerTest, KeepsAliveAsHttpSays) {
  Serve();
  RawClient old = Client();
  EXPECT_THAT(old.Ask("GET / HTTP/1.0\r\n\r\n").head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(old.IsEnded());
  RawClient closing = Client();
  EXPECT_EQ(closing.Ask("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").status, 200);
  EXPECT_TRUE(closing.IsEnded());
  RawClient keeping = Client();
  EXPECT_THAT(keeping.Ask(Get("/")).head, HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_EQ(keeping.Ask(Get("/")).status, 200);
}

TEST_F(HttpServerTest, AFaultInAHandlerIsAnAnswerAndNotTheEnd) {
  Serve([](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/known") throw std::runtime_error("the secret reason");
    if (request.path == "/odd") throw 7;
    return Echo(request);
  });
  RawClient client = Client();
  for (const char* path : {"/known", "/odd"}) {
    RawResponse response = client.Ask(Get(path));
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, HasSubstr("\"code\":\"internal\""));
    EXPECT_THAT(response.body, Not(HasSubstr("secret")));
  }
  EXPECT_EQ(client.Ask(Get("/fine")).status, 200);
}

TEST_F(HttpServerTest, OneHandlerDoesNotHoldUpAnother) {
  HttpLimits limits;
  limits.threads = 2;
  std::latch both(2);
  Serve(
      [&](const HttpRequest& request) {
        both.arrive_and_wait();
        return Echo(request);
      },
      limits);
  RawClient first = Client();
  RawClient second = Client();
  first.Send(Get("/1"));
  second.Send(Get("/2"));
  EXPECT_EQ(first.Receive().body, "GET /1");
  EXPECT_EQ(second.Receive().body, "GET /2");
}

TEST_F(HttpServerTest, ServesManyClientsAtOnce) {
  Serve();
  std::vector<std::thread> clients;
  clients.reserve(16);
  std::atomic<int> served = 0;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&, i] {
      RawClient client = Client();
      for (int k = 0; k < 20; ++k) {
        std::string path = "/" + std::to_string(i) + "/" + std::to_string(k);
        if (client.Ask(Get(path)).body == "GET " + path) ++served;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(served, 16 * 20);
}

struct Malformed {
  const char* name;
  std::string bytes;
};

class HttpServerMalformedTest : public HttpServerTest,
                                public testing::WithParamInterface<Malformed> {};

TEST_P(HttpServerMalformedTest, IsAnsweredWithAProblemAndTheConnectionEnds) {
  bool called = false;
  Serve([&](const HttpRequest& request) {
    called = true;
    return Echo(request);
  });
  RawClient client = Client();
  client.Send(GetParam().bytes);
  client.FinishSending();
  RawResponse response = client.Receive();
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.head, HasSubstr("Content-Type: application/problem+json\r\n"));
  EXPECT_THAT(response.head, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(response.body, HasSubstr("\"code\":\"invalid\""));
  EXPECT_TRUE(client.IsEnded());
  EXPECT_FALSE(called);
  EXPECT_EQ(Client().Ask(Get("/after")).status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    Inputs, HttpServerMalformedTest,
    testing::Values(
        Malformed{"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)},
        Malformed{"Text", "hello\r\n\r\n"}, Malformed{"NoVersion", "GET /\r\n\r\n"},
        Malformed{"OtherVersion", "GET / HTTP/2.0\r\n\r\n"},
        Malformed{"NulInHead", std::string("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 26)},
        Malformed{"BareLineFeed", "GET / HTTP/1.1\nHost: x\n\n"},
        Malformed{"HeadCutShort", "GET / HTTP/1.1\r\nHos"},
        Malformed{"BodyCutShort", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nfour"},
        Malformed{"NegativeLength", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"},
        Malformed{"TwoLengths",
                  "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
        Malformed{
            "LengthAndChunked",
            "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        Malformed{
            "ChunkedAndLength",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"},
        Malformed{"UnknownCoding",
                  "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nGET / HTTP/1.1"},
        Malformed{"ChunkedNotLast",
                  "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"},
        Malformed{"BadChunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
        Malformed{"BadEscape", "GET /%zz HTTP/1.1\r\n\r\n"},
        Malformed{"EncodedNul", "GET /a%00b HTTP/1.1\r\n\r\n"},
        Malformed{"AbsoluteTarget", "GET http://grantd/v1 HTTP/1.1\r\n\r\n"},
        Malformed{"Asterisk", "OPTIONS * HTTP/1.1\r\n\r\n"}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace grant::api
