// Calls to grantd's REST API (docs/openapi.yaml) on its Unix socket.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "tools/grantctl/failure.h"
#include "tools/grantctl/json.h"

namespace grant::ctl {

using Query = std::map<std::string, std::string>;

inline constexpr size_t kAnswerBytesMax = size_t{64} * 1024 * 1024;
inline constexpr std::chrono::seconds kCallTimeout{30};

// The path of the socket in an address such as "unix:/run/grantd/api.sock"; a usage failure for any
// other.
Outcome<std::string> SocketOf(const std::string& address);

// A text as one segment of a path or one value of a query.
std::string Escape(const std::string& text);

// An object, and the ETag that says which state of it this is; empty where grantd gave none.
struct Tagged {
  Json object;
  std::string etag;
};

// One connection, used by one thread. Nothing is sent before the first call.
class Client {
 public:
  explicit Client(std::string socket);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const std::string& socket() const { return socket_; }

  // The object that grantd answers with; for an answer with an error status, that error. `path` is
  // escaped already, the query is not.
  Outcome<Json> Get(const std::string& path, const Query& query = {},
                    std::chrono::seconds timeout = kCallTimeout);
  Outcome<Tagged> GetTagged(const std::string& path);
  // With an ETag, only if the object is still in that state; else the failure is stale.
  Outcome<Json> Post(const std::string& path, const Json& body, const std::string& etag = {}) {
    return Post(path, body, etag, nullptr);
  }
  // The same for an answer with a grant secret, which goes into `secret` and nowhere else.
  Outcome<Json> PostForSecret(const std::string& path, const Json& body, std::string& secret) {
    return Post(path, body, {}, &secret);
  }
  // The same for what takes its time.
  Outcome<Json> PostSlowly(const std::string& path, const Json& body,
                           std::chrono::seconds timeout) {
    return PostOnce(path, body, {}, timeout);
  }
  // The same for what happens once under its key, however often it is sent.
  Outcome<Json> PostOnce(const std::string& path, const Json& body, const std::string& key,
                         std::chrono::seconds timeout = kCallTimeout);
  // The bytes of a secret as the body, which goes nowhere else.
  Outcome<Json> SendSecret(const std::string& path, std::string_view secret);

 private:
  struct Handle;

  struct Sent {
    std::string_view body;
    std::string etag;
    std::string idempotency_key;
    bool is_secret = false;  // bytes, where others are JSON
  };

  Outcome<Json> Post(const std::string& path, const Json& body, const std::string& etag,
                     std::string* secret);
  Outcome<Tagged> Call(const std::string& target, const Sent* sent, std::chrono::seconds timeout,
                       std::string* secret);

  std::string socket_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace grant::ctl
