// An HTTP/1.1 server on a listening Unix socket.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "grant/error.h"
#include "grantd/api/http.h"
#include "grantd/net/unix_socket.h"
#include "grantd/net/user_database.h"

namespace grant::api {

struct HttpLimits {
  size_t connections_max = 256;
  size_t connections_per_user_max = 128;  // so that no single user can take all of them
  size_t header_bytes_max = size_t{16} * 1024;
  size_t body_bytes_max = size_t{1024} * 1024;
  // For a request to arrive, and for an answer to be taken.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(30);
  int threads = 4;
};

// Who a uid is at this moment. It may be slow.
using Identify = std::function<Result<Identity>(uid_t uid)>;

// Serves until it is destroyed or stopped. The handler is called by several threads at once.
// Anything malformed is answered with a problem document (RFC 9457) and ends the connection.
class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> Start(Listener listener, HttpLimits limits,
                                                   HttpHandler handler,
                                                   Identify identify = LiveIdentity);
  virtual ~HttpServer() = default;

  // Takes no new connections and requests, lets running ones finish, and returns.
  virtual void Drain(std::chrono::milliseconds limit) = 0;
};

}  // namespace grant::api
