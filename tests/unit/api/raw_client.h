// A client that sends bytes as they are given, and a server to send them to.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "grantd/api/http_server.h"

namespace grant::api {

inline constexpr int kPatienceMs = 20'000;  // after this a test gives up

struct RawResponse {
  int status = 0;  // 0: the connection ended before an answer
  std::string head;
  std::string body;
};

class RawClient {
 public:
  RawClient() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  explicit RawClient(const std::string& path) : RawClient() { connected_ = Connect(path); }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        input_(std::move(other.input_)) {}
  RawClient& operator=(RawClient&&) = delete;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() {
    if (fd_ >= 0) close(fd_);
  }

  bool Connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    return connected_;
  }

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  // False where the server has closed.
  bool Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  void FinishSending() const { shutdown(fd_, SHUT_WR); }

  // `head_only`: the answer to HEAD, whose length speaks of a body that does not come.
  RawResponse Receive(bool head_only = false) {
    RawResponse response;
    size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) return response;
    }
    response.head = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    response.status = std::stoi(response.head.substr(std::strlen("HTTP/1.1 ")));
    size_t length_at = response.head.find("Content-Length: ");
    if (head_only || length_at == std::string::npos) return response;
    size_t length = std::stoul(response.head.substr(length_at + std::strlen("Content-Length: ")));
    while (input_.size() < length) {
      if (!ReadMore()) return {};
    }
    response.body = input_.substr(0, length);
    input_.erase(0, length);
    return response;
  }

  RawResponse Ask(std::string_view request) {
    Send(request);
    return Receive();
  }

  // Whether the server ends the connection, with nothing more to read.
  bool IsEnded() { return input_.empty() && !ReadMore() && !timed_out_; }

  // Waits until the server has closed, without reading what it sent.
  bool WaitForHangup() const {
    pollfd waiting{fd_, 0, 0};
    return poll(&waiting, 1, kPatienceMs) == 1 && (waiting.revents & POLLHUP) != 0;
  }

  bool ReadMore(int patience_ms = kPatienceMs) {
    pollfd waiting{fd_, POLLIN, 0};
    timed_out_ = poll(&waiting, 1, patience_ms) != 1;
    if (timed_out_) return false;
    char buffer[16384];
    ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got <= 0) return false;
    input_.append(buffer, static_cast<size_t>(got));
    return true;
  }

  size_t unread_bytes() const { return input_.size(); }

 private:
  int fd_;
  bool connected_ = false;
  bool timed_out_ = false;
  std::string input_;
};

inline std::string Get(std::string_view target) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: grantd\r\n\r\n", target);
}

inline std::string Post(std::string_view target, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: grantd\r\nContent-Length: {}\r\n\r\n{}", target,
                     body.size(), body);
}

// Answers with what it was asked.
inline HttpResponse Echo(const HttpRequest& request) {
  HttpResponse response;
  response.body = request.method + " " + request.path;
  for (const auto& [key, value] : request.query) response.body += " " + key + "=" + value;
  if (!request.body.empty()) response.body += " " + request.body;
  return response;
}

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "grant-http-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/api.sock";
  }
  ~HttpServerTest() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Serve(HttpHandler handler = Echo, HttpLimits limits = {}, Identify identify = LiveIdentity) {
    auto listener = Listener::Open("unix:" + path_);
    ASSERT_TRUE(listener) << listener.error().message;
    auto server =
        HttpServer::Start(*std::move(listener), limits, std::move(handler), std::move(identify));
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }

  RawClient Client() { return RawClient(path_); }

  std::string directory_;
  std::string path_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace grant::api
