#include <gmock/gmock.h>

#include <filesystem>
#include <future>
#include <latch>
#include <thread>

#include "grantd/api/http_server.h"
#include "tests/unit/api/raw_client.h"

namespace grant::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class HttpServerDrain : public HttpServerTest {
 protected:
  // A handler that answers "/slow" when it is let, and everything else at once.
  HttpHandler Gated() {
    return [this](const HttpRequest& request) {
      if (request.path == "/slow") {
        entered_.count_down();
        let_go_.wait();
      }
      return Echo(request);
    };
  }

  void WaitUntilRefused() {
    auto give_up = std::chrono::steady_clock::now() + milliseconds(kPatienceMs);
    while (Client().connected()) ASSERT_LT(std::chrono::steady_clock::now(), give_up);
  }

  std::latch entered_{1};
  std::latch let_go_{1};
};

TEST_F(HttpServerDrain, LetsARunningRequestFinish) {
  Serve(Gated());
  RawClient client = Client();
  client.Send(Get("/slow"));
  entered_.wait();
  auto drained = std::async(std::launch::async, [&] { server_->Drain(seconds(60)); });
  WaitUntilRefused();
  let_go_.count_down();
  RawResponse response = client.Receive();
  EXPECT_EQ(response.body, "GET /slow");
  EXPECT_THAT(response.head, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.IsEnded());
  drained.get();
}

TEST_F(HttpServerDrain, TakesNoFurtherRequestOfABusyClient) {
  int calls = 0;
  Serve([&](const HttpRequest& request) {
    ++calls;
    entered_.count_down(calls == 1 ? 1 : 0);
    let_go_.wait();
    return Echo(request);
  });
  RawClient client = Client();
  client.Send(Get("/slow") + Get("/next"));
  entered_.wait();
  auto drained = std::async(std::launch::async, [&] { server_->Drain(seconds(60)); });
  WaitUntilRefused();
  let_go_.count_down();
  EXPECT_EQ(client.Receive().body, "GET /slow");
  EXPECT_TRUE(client.IsEnded());
  drained.get();
  EXPECT_EQ(calls, 1);
}

TEST_F(HttpServerDrain, ClosesWhoIsWaiting) {
  Serve();
  RawClient fresh = Client();
  RawClient idle = Client();
  RawClient halfway = Client();
  EXPECT_EQ(idle.Ask(Get("/")).status, 200);
  halfway.Send("POST / HTTP/1.1\r\nContent-Le");
  server_->Drain(seconds(60));
  EXPECT_TRUE(idle.IsEnded());
  EXPECT_EQ(fresh.Receive().status, 0);
  EXPECT_EQ(halfway.Receive().status, 0);
}

TEST_F(HttpServerDrain, ReturnsAtItsLimitWhateverRuns) {
  Serve(Gated());
  RawClient client = Client();
  client.Send(Get("/slow"));
  entered_.wait();
  server_->Drain(milliseconds(20));
  EXPECT_FALSE(let_go_.try_wait());
  let_go_.count_down();
  EXPECT_EQ(client.Receive().body, "GET /slow");
}

TEST_F(HttpServerDrain, FreesThePathForTheNextServer) {
  Serve();
  server_->Drain(seconds(60));
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::unique_ptr<HttpServer> old = std::move(server_);
  Serve();
  EXPECT_EQ(Client().Ask(Get("/")).status, 200);
}

TEST_F(HttpServerDrain, MayBeCalledTwice) {
  Serve();
  server_->Drain(seconds(60));
  server_->Drain(seconds(60));
}

TEST_F(HttpServerDrain, DestructionEndsOpenConnections) {
  Serve();
  RawClient idle = Client();
  EXPECT_EQ(idle.Ask(Get("/")).status, 200);
  RawClient halfway = Client();
  halfway.Send("GET / HT");
  server_.reset();
  EXPECT_TRUE(idle.IsEnded());
  EXPECT_EQ(halfway.Receive().status, 0);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(HttpServerDrain, DestructionWaitsForARunningHandler) {
  Serve(Gated());
  RawClient client = Client();
  client.Send(Get("/slow"));
  entered_.wait();
  auto destroyed = std::async(std::launch::async, [&] { server_.reset(); });
  let_go_.count_down();
  destroyed.get();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace grant::api
