// The gate: listens for modules, one thread a connection.
#pragma once

#include <chrono>
#include <memory>

#include "grant/error.h"
#include "grantd/gate/conversation.h"
#include "grantd/net/unix_socket.h"

namespace grant {

class GateServer {
 public:
  // Serves until it is drained or destroyed. The services must outlive it.
  static Result<std::unique_ptr<GateServer>> Start(Listener listener, GateServices services,
                                                   GateLimits limits);
  virtual ~GateServer() = default;

  // Takes no new connections and calls, lets running calls finish and their answers go out, and
  // returns; what still runs after `limit` is cut off.
  virtual void Drain(std::chrono::milliseconds limit) = 0;
};

}  // namespace grant
