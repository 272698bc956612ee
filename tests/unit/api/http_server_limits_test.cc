#include <gmock/gmock.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "grantd/api/http_server.h"
#include "tests/unit/api/raw_client.h"

namespace grant::api {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class HttpServerLimits : public HttpServerTest {};

TEST_F(HttpServerLimits, RefusesAHeadBeyondTheLimit) {
  HttpLimits limits;
  limits.header_bytes_max = 1024;
  Serve(Echo, limits);
  RawClient client = Client();
  client.Send("GET / HTTP/1.1\r\nX: " + std::string(2000, 'a') + "\r\n\r\n");
  RawResponse response = client.Receive();
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("longer than 1024 bytes"));
  EXPECT_TRUE(client.IsEnded());
}

TEST_F(HttpServerLimits, RefusesAHeadThatNeverEnds) {
  Serve();
  RawClient client = Client();
  client.Send("GET / HTTP/1.1\r\n");
  while (client.Send("X: " + std::string(1000, 'a') + "\r\n") && !client.ReadMore(0)) {
  }
  EXPECT_EQ(client.Receive().status, 413);
}

TEST_F(HttpServerLimits, TakesABodyOfExactlyTheLimitAndNoByteMore) {
  HttpLimits limits;
  limits.body_bytes_max = 100'000;
  size_t seen = 0;
  Serve(
      [&](const HttpRequest& request) {
        seen = request.body.size();
        return HttpResponse{};
      },
      limits);
  EXPECT_EQ(Client().Ask(Post("/", std::string(100'000, 'x'))).status, 200);
  EXPECT_EQ(seen, 100'000U);
  seen = 0;
  EXPECT_EQ(Client().Ask(Post("/", std::string(100'001, 'x'))).status, 413);
  EXPECT_EQ(seen, 0U);
}

TEST_F(HttpServerLimits, RefusesALongBodyByItsDeclaredLength) {
  Serve();
  RawClient client = Client();
  RawResponse response = client.Ask("POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n");
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("\"code\":\"too-large\""));
}

TEST_F(HttpServerLimits, RefusesChunksBeyondTheLimit) {
  HttpLimits limits;
  limits.body_bytes_max = 1000;
  Serve(Echo, limits);
  RawClient client = Client();
  client.Send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string chunk = "64\r\n" + std::string(100, 'x') + "\r\n";
  while (client.Send(chunk) && !client.ReadMore(0)) {
  }
  EXPECT_EQ(client.Receive().status, 413);
}

TEST_F(HttpServerLimits, AClientThatSendsItsWholeLongBodyStillGetsTheAnswer) {
  Serve();
  RawClient client = Client();
  ASSERT_TRUE(client.Send(Post("/", std::string(1'500'000, 'x'))));
  EXPECT_EQ(client.Receive().status, 413);
}

TEST_F(HttpServerLimits, TrickledBytesDoNotProlongTheDeadline) {
  HttpLimits limits;
  limits.idle_timeout = milliseconds(200);
  Serve(Echo, limits);
  RawClient client = Client();
  client.Send("GET / HTTP/1.1\r\nX: ");
  // Each byte comes well within the timeout, the head never ends.
  size_t sent = 0;
  while (sent < 5000 && client.Send("a")) {
    ++sent;
    pollfd waiting{client.fd(), POLLIN, 0};
    if (poll(&waiting, 1, 10) == 1) break;
  }
  EXPECT_TRUE(client.IsEnded());
  EXPECT_LT(sent, 5000U);
}

TEST_F(HttpServerLimits, AnIdleConnectionEnds) {
  HttpLimits limits;
  limits.idle_timeout = milliseconds(100);
  Serve(Echo, limits);
  EXPECT_TRUE(Client().IsEnded());
}

TEST_F(HttpServerLimits, AClientThatDoesNotTakeItsAnswerIsLeft) {
  HttpLimits limits;
  limits.idle_timeout = milliseconds(100);
  Serve(
      [](const HttpRequest&) {
        HttpResponse response;
        response.body = std::string(8'000'000, 'x');
        return response;
      },
      limits);
  RawClient client = Client();
  client.Send(Get("/"));
  EXPECT_TRUE(client.WaitForHangup());
}

TEST_F(HttpServerLimits, DeliversALargeAnswer) {
  Serve([](const HttpRequest&) {
    HttpResponse response;
    response.body = std::string(8'000'000, 'x');
    return response;
  });
  EXPECT_EQ(Client().Ask(Get("/")).body.size(), 8'000'000U);
}

TEST_F(HttpServerLimits, TurnsAwayWhoIsTooManyAndServesTheRest) {
  HttpLimits limits;
  limits.connections_max = 256;
  limits.connections_per_user_max = 256;
  Serve(Echo, limits);
  std::vector<RawClient> idle;
  idle.reserve(300);
  for (int i = 0; i < 300; ++i) idle.push_back(Client());
  for (size_t i = 256; i < idle.size(); ++i) {
    RawResponse response = idle[i].Receive();
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.body, HasSubstr("too many connections"));
    EXPECT_TRUE(idle[i].IsEnded());
  }
  for (size_t i = 0; i < 256; ++i) EXPECT_EQ(idle[i].Ask(Get("/")).status, 200);

  // A place that is given up is given to the next.
  { RawClient gone = std::move(idle.front()); }
  auto give_up = std::chrono::steady_clock::now() + milliseconds(kPatienceMs);
  int status = 0;
  while (status != 200 && std::chrono::steady_clock::now() < give_up) {
    status = Client().Ask(Get("/")).status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(HttpServerLimits, OneUserCannotTakeAllConnections) {
  HttpLimits limits;
  limits.connections_max = 256;
  limits.connections_per_user_max = 2;
  Serve(Echo, limits);
  RawClient first = Client();
  RawClient second = Client();
  EXPECT_EQ(first.Ask(Get("/")).status, 200);
  EXPECT_EQ(second.Ask(Get("/")).status, 200);
  EXPECT_EQ(Client().Receive().status, 503);
  EXPECT_EQ(first.Ask(Get("/")).status, 200);
}

// Lets a test wait until the server has logged a warning.
class WarningSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  bool WaitForWarning() {
    std::unique_lock lock(seen_mutex_);
    return warned_cv_.wait_for(lock, milliseconds(kPatienceMs), [this] { return warned_; });
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level != spdlog::level::warn) return;
    std::lock_guard lock(seen_mutex_);
    warned_ = true;
    warned_cv_.notify_all();
  }
  void flush_() override {}

 private:
  std::mutex seen_mutex_;
  std::condition_variable warned_cv_;
  bool warned_ = false;
};

// Every descriptor of the process is taken as long as this lives.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = dup(STDERR_FILENO); fd >= 0; fd = dup(STDERR_FILENO)) taken_.push_back(fd);
  }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;
  ~NoDescriptorsLeft() {
    for (int fd : taken_) close(fd);
    setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(HttpServerLimits, GoesOnAfterDescriptorsRanOut) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer itself needs descriptors, to see whether memory may be read";
#endif
  auto sink = std::make_shared<WarningSink>();
  auto previous = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
  Serve();
  RawClient before = Client();
  EXPECT_EQ(before.Ask(Get("/before")).status, 200);
  RawClient waiting;
  {
    NoDescriptorsLeft nothing_left;
    ASSERT_TRUE(waiting.Connect(path_));
    waiting.Send(Get("/waiting"));
    EXPECT_TRUE(sink->WaitForWarning());
    EXPECT_EQ(before.Ask(Get("/meanwhile")).status, 200);
  }
  EXPECT_EQ(waiting.Receive().body, "GET /waiting");
  server_.reset();
  spdlog::set_default_logger(previous);
}

}  // namespace
}  // namespace grant::api
