#include "grantd/api/http_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "grant/wipe.h"
#include "grantd/api/connection_registry.h"
#include "grantd/api/http_wire.h"
#include "grantd/api/response.h"
#include "grantd/api/target.h"

namespace grant::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Protocol = asio::local::stream_protocol;
using Stream = beast::basic_stream<Protocol>;

// Room for body bytes beside the head: what one read of the parser takes at most.
constexpr size_t kReadBytes = size_t{64} * 1024;
// A PIN's request has less than that, and so have most.
constexpr size_t kUsualRequestBytes = 4096;
// How long accepting rests when the process has no descriptor left.
constexpr std::chrono::milliseconds kAcceptRetry{100};

// Lines of the same name are one list (RFC 9110 section 5.3): so of two that contradict one another
// none is passed over.
std::optional<std::string> FieldOf(const http::fields& fields, beast::string_view name) {
  const auto [begin, end] = fields.equal_range(name);
  std::optional<std::string> value;
  for (auto line = begin; line != end; ++line) {
    value = value ? *value + ", " : std::string();
    value->append(line->value().data(), line->value().size());
  }
  return value;
}

// What all connections of one server share; it outlives them.
struct Core {
  Core(HttpLimits given_limits, HttpHandler given_handler, Identify given_identify)
      : limits(given_limits),
        handler(std::move(given_handler)),
        identify(std::move(given_identify)),
        registry(limits.connections_max, limits.connections_per_user_max) {}

  const HttpLimits limits;
  const HttpHandler handler;
  const Identify identify;
  std::atomic<bool> draining = false;
  ConnectionRegistry registry;
};

// One client. Everything happens on the strand of its stream, the handler too: while that blocks,
// the other threads serve the other connections.
class Connection : public OpenConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Core& core, Protocol::socket socket, Peer peer)
      : core_(core),
        stream_(std::move(socket)),
        buffer_(core.limits.header_bytes_max + kReadBytes),
        peer_(std::move(peer)) {
    // What a buffer leaves behind as it grows is not overwritten.
    buffer_.reserve(kUsualRequestBytes);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override { core_.registry.Leave(this); }

  void Start() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] { self->AwaitRequest(); });
  }

  void CloseIfWaiting() override {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->waiting_) self->Close();
    });
  }

 private:
  using Parser = http::request_parser<http::string_body>;

  // The deadline set here spans the whole request, so a client cannot prolong it by trickling
  // bytes.
  void AwaitRequest() {
    if (core_.draining) return Close();
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(core_.limits.header_bytes_max));
    parser_->body_limit(core_.limits.body_bytes_max);
    head_only_ = false;
    waiting_ = true;
    stream_.expires_after(core_.limits.idle_timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            beast::bind_front_handler(&Connection::OnHead, shared_from_this()));
  }

  void OnHead(error_code error, size_t /*bytes*/) {
    if (error) return OnReadFailure(error);
    const auto& head = parser_->get();
    // The parser takes a coding that it does not know for "no body", and would read the body as the
    // next request.
    if (head.count(http::field::transfer_encoding) != 0 && !parser_->chunked()) {
      return Reject({Code::kInvalid, "the only transfer coding taken is 'chunked'", {}});
    }
    if (!beast::iequals(head[http::field::expect], "100-continue")) return ReadBody();
    output_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(output_),
                      [self = shared_from_this()](error_code failed, size_t /*bytes*/) {
                        failed ? self->Close() : self->ReadBody();
                      });
  }

  void ReadBody() {
    // What a text leaves behind as it grows or moves is not overwritten: a short one would be
    // within the string itself.
    parser_->get().body().reserve(kUsualRequestBytes);
    http::async_read(stream_, buffer_, *parser_,
                     beast::bind_front_handler(&Connection::OnRequest, shared_from_this()));
  }

  void OnRequest(error_code error, size_t /*bytes*/) {
    if (error) return OnReadFailure(error);
    waiting_ = false;
    auto message = parser_->release();
    WipeConsumed();
    HttpRequest request;
    request.body = std::move(message.body());
    const WipeAtEnd wipe_body(request.body);  // it may hold a PIN
    head_only_ = message.method() == http::verb::head;
    auto target = ParseTarget({message.target().data(), message.target().size()});
    if (!target) return Reject(std::move(target).error());
    if (core_.draining) return Reject({Code::kUnavailable, "grantd is stopping", {}});

    request.method = head_only_ ? "GET" : std::string(message.method_string());
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    request.content_type = FieldOf(message, "Content-Type").value_or("");
    request.idempotency_key = FieldOf(message, "Idempotency-Key");
    request.if_match = FieldOf(message, "If-Match");
    // Asked anew each time: the connection may outlive a name and a membership.
    auto identity = core_.identify(peer_.uid);
    if (!identity) return Reject(std::move(identity).error());
    request.peer = peer_;
    request.peer.identity = *std::move(identity);
    HttpResponse response = Handle(request);
    Send(response, message.keep_alive());
    Wipe(response.body);  // it may hold a grant secret
  }

  // The buffer's bytes that were read from it; those of a next request stay.
  void WipeConsumed() {
    const auto rest = buffer_.prepare(buffer_.capacity() - buffer_.size());
    explicit_bzero(rest.data(), rest.size());
  }

  HttpResponse Handle(const HttpRequest& request) {
    try {
      return core_.handler(request);
    } catch (const std::exception& fault) {
      spdlog::error("api: {} {} failed: {}", request.method, request.path, fault.what());
    } catch (...) {
      spdlog::error("api: {} {} failed", request.method, request.path);
    }
    return Problem({Code::kInternal, "a fault in grantd; its log tells more", {}});
  }

  // A client that went away or ran out of time needs no answer; one that sent nonsense gets one.
  void OnReadFailure(error_code error) {
    const error_code malformed = http::make_error_code(http::error::bad_method);
    if (error.category() != malformed.category() || error == http::error::end_of_stream) {
      return Close();
    }
    if (error == http::error::body_limit) {
      return Reject({Code::kTooLarge,
                     fmt::format("the body is longer than {} bytes", core_.limits.body_bytes_max),
                     {}});
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return Reject(
          {Code::kTooLarge,
           fmt::format("the request's head is longer than {} bytes", core_.limits.header_bytes_max),
           {}});
    }
    Reject({Code::kInvalid, "this is not HTTP/1.1: " + error.message(), {}});
  }

  // Answers and ends the connection: what follows in the stream cannot be trusted to be a request.
  void Reject(const Error& error) {
    spdlog::info("api: refused a request of uid {}: {}", peer_.uid, error.message);
    Send(Problem(error), false);
  }

  void Send(const HttpResponse& response, bool keep_alive) {
    waiting_ = false;
    keep_alive_ = keep_alive && !core_.draining;
    output_ = WireText(response, {keep_alive_, head_only_});
    stream_.expires_after(core_.limits.idle_timeout);
    asio::async_write(stream_, asio::buffer(output_),
                      beast::bind_front_handler(&Connection::OnSent, shared_from_this()));
  }

  void OnSent(error_code error, size_t /*bytes*/) {
    Wipe(output_);
    if (error) return Close();
    if (keep_alive_) return AwaitRequest();
    Linger();
  }

  // Closing with unread input would reset the connection, and a client still busy sending would
  // then lose the answer. So what it sends is thrown away for a while.
  void Linger() {
    if (core_.draining) return Close();
    error_code ignored;
    stream_.socket().shutdown(Protocol::socket::shutdown_send, ignored);
    waiting_ = true;
    discard_bytes_left_ = 2 * core_.limits.body_bytes_max;
    stream_.expires_after(core_.limits.idle_timeout);
    Discard();
  }

  void Discard() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(core_.limits.header_bytes_max),
                            [self = shared_from_this()](error_code error, size_t bytes) {
                              if (error || bytes >= self->discard_bytes_left_) return self->Close();
                              self->discard_bytes_left_ -= bytes;
                              self->Discard();
                            });
  }

  void Close() {
    waiting_ = false;
    stream_.close();
  }

  Core& core_;
  Stream stream_;
  beast::flat_buffer buffer_;
  const Peer peer_;
  std::optional<Parser> parser_;
  std::string output_;
  size_t discard_bytes_left_ = 0;
  bool waiting_ = false;  // for the client; nothing is lost by closing now
  bool keep_alive_ = false;
  bool head_only_ = false;
};

class BeastHttpServer final : public HttpServer {
 public:
  BeastHttpServer(Listener listener, HttpLimits limits, HttpHandler handler, Identify identify)
      : core_(limits, std::move(handler), std::move(identify)),
        listener_(std::move(listener)),
        io_(limits.threads),
        acceptor_(asio::make_strand(io_)),
        retry_(acceptor_.get_executor()) {}
  BeastHttpServer(const BeastHttpServer&) = delete;
  BeastHttpServer& operator=(const BeastHttpServer&) = delete;

  ~BeastHttpServer() override {
    io_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

  Status Run() {
    // The acceptor closes its own descriptor, the listener its own.
    int fd = ::fcntl(listener_->fd(), F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
      return Fail(Code::kUnavailable,
                  fmt::format("cannot listen on {}: {}", listener_->path(),
                              error_code(errno, boost::system::system_category()).message()));
    }
    acceptor_.assign(Protocol(), fd);
    asio::post(acceptor_.get_executor(), [this] { Accept(); });
    for (int i = 0; i < core_.limits.threads; ++i) threads_.emplace_back([this] { Work(); });
    return {};
  }

  void Drain(std::chrono::milliseconds limit) override {
    if (!core_.draining.exchange(true)) {
      // From here on connecting is refused, and another grantd may take the path. The pending
      // accept returns with an error. A socket that outlives this grantd is only left alone: who
      // connects waits for the next one.
      if (listener_->adopted()) {
        asio::post(acceptor_.get_executor(), [this] {
          error_code ignored;
          acceptor_.close(ignored);
        });
      } else {
        ::shutdown(listener_->fd(), SHUT_RDWR);
      }
      listener_.reset();
    }
    core_.registry.CloseThoseWaiting();
    core_.registry.WaitUntilEmpty(limit);
  }

 private:
  void Work() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& fault) {
        spdlog::error("api: {}", fault.what());
      }
    }
  }

  void Accept() {
    acceptor_.async_accept(
        asio::any_io_executor(asio::make_strand(io_)),
        [this](error_code error, Protocol::socket socket) { OnAccept(error, std::move(socket)); });
  }

  void OnAccept(error_code error, Protocol::socket socket) {
    if (core_.draining) {
      acceptor_.close(error);
      return;
    }
    if (error) return RetryLater(error);
    failing_ = false;
    Accept();
    Admit(std::move(socket));
  }

  // Mostly a lack of descriptors: those waiting stay in the kernel's queue until some are free.
  void RetryLater(error_code error) {
    if (!std::exchange(failing_, true)) {
      spdlog::warn("api: cannot accept connections, trying again: {}", error.message());
    }
    retry_.expires_after(kAcceptRetry);
    retry_.async_wait([this](error_code cancelled) {
      if (!cancelled && !core_.draining) Accept();
    });
  }

  void Admit(Protocol::socket socket) {
    int fd = socket.native_handle();
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    auto peer = UnnamedPeerOf(fd);
    if (!peer) return TurnAway(fd, peer.error());
    uid_t uid = peer->uid;
    auto connection = std::make_shared<Connection>(core_, std::move(socket), *std::move(peer));
    if (!core_.registry.Admit(connection, uid)) {
      return TurnAway(fd, TooMany(uid));
    }
    connection->Start();
  }

  Error TooMany(uid_t uid) const {
    return {Code::kUnavailable,
            fmt::format("too many connections: of uid {} there may be {}, of all users {}", uid,
                        core_.limits.connections_per_user_max, core_.limits.connections_max),
            "close some; api_connections_per_user and api_connections in [limits] of grantd.toml "
            "set the limits"};
  }

  // The socket is fresh, so its buffer has room for this answer; whoever owns it closes it.
  static void TurnAway(int fd, const Error& error) {
    std::string text = WireText(Problem(error), {});
    [[maybe_unused]] ssize_t sent =
        ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  Core core_;
  std::optional<Listener> listener_;
  asio::io_context io_;
  Protocol::acceptor acceptor_;
  asio::steady_timer retry_;
  bool failing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(Listener listener, HttpLimits limits,
                                                      HttpHandler handler, Identify identify) {
  try {
    auto server = std::make_unique<BeastHttpServer>(std::move(listener), limits, std::move(handler),
                                                    std::move(identify));
    GRANT_CHECK(server->Run());
    return server;
  } catch (const std::exception& fault) {
    return Fail(Code::kUnavailable, std::string("cannot start the API server: ") + fault.what());
  }
}

}  // namespace grant::api
