// One client on the gate socket, from Hello to its end.
#pragma once

#include <atomic>

#include "grant/gate/connection.h"
#include "grantd/gate/inventory.h"
#include "grantd/gate/logins.h"
#include "grantd/gate/public_operations.h"
#include "grantd/gate/signing.h"
#include "grantd/gate/user_quotas.h"
#include "grantd/net/unix_socket.h"

namespace grant {

struct GateLimits {
  size_t connections_max = 1024;
  size_t connections_per_uid_max = 512;
  // A message that has begun must be complete, and an answer be taken, within this time; so must
  // Hello come, and each next piece of a long operation.
  std::chrono::seconds message_timeout{30};
  // A signature must be taken within this time: a revocation waits for it.
  std::chrono::seconds delivery_timeout{2};
};

// What a client may ask for. All serve all conversations at once.
struct GateServices {
  Inventory& inventory;
  Logins& logins;
  Signing& signing;
  PublicOperations& public_operations;
  UserQuotas& quotas;
};

// Talks until the client goes away, breaks the protocol, or `connection` is shut down.
void Converse(gate::Connection& connection, const Peer& peer, const GateServices& services,
              const GateLimits& limits);

}  // namespace grant
