// The broker placement: grantd has the token, and the module shows what grantd says of it. One for
// each C_Initialize.
#pragma once

#include "pkcs11/broker/sessions.h"
#include "pkcs11/broker/token_directory.h"
#include "pkcs11/config.h"
#include "pkcs11/gate_client.h"

namespace grant::pkcs11 {

class Broker {
 public:
  explicit Broker(const Config& config) : gate(config), directory(gate) {}
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  GateClient gate;
  TokenDirectory directory;
  Sessions sessions;
};

}  // namespace grant::pkcs11
