// An HTTP/1.1 server on a listening Unix socket.
#pragma once

#include <chrono>
#include <memory>

#include "grantd/api/http.h"
#include "grantd/net/unix_socket.h"
#include "grant/error.h"

namespace grant::api {

struct HttpLimits {
  size_t connections_max = 256;
  size_t header_bytes_max = 16 * 1024;
  size_t body_bytes_max = 1024 * 1024;
  std::chrono::seconds idle_timeout{30};  // for a request to arrive, and for an answer to be taken
  int threads = 4;
};

// Serves until it is destroyed or stopped. The handler is called by several threads at once. Anything
// malformed is answered with a problem document (RFC 9457) and ends the connection.
class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> Start(Listener listener, HttpLimits limits,
                                                   HttpHandler handler);
  virtual ~HttpServer() = default;

  // Takes no new connections and requests, lets running ones finish, and returns.
  virtual void Drain(std::chrono::milliseconds limit) = 0;
};

}  // namespace grant::api
