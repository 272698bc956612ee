// HTTP as the handlers see it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "grantd/net/unix_socket.h"

namespace grant::api {

struct HttpRequest {
  std::string method;                          // "GET"; a HEAD arrives as one
  std::string path;                            // decoded, without the query: "/v1/requests"
  std::map<std::string, std::string> query;    // decoded
  std::string content_type;                    // as sent; may be empty
  std::optional<std::string> idempotency_key;  // as sent
  std::optional<std::string> if_match;         // as sent
  std::string body;
  Peer peer;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;  // the methods that the route has, where the answer is that this is not one
  std::string etag;   // of the object in the body, where it has one
  // Let go once the answer is written to the connection, or as much of it as that takes at once.
  std::shared_ptr<void> held = nullptr;
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

}  // namespace grant::api
