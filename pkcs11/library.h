// The module between C_Initialize and C_Finalize, and across forks.
#pragma once

#include <memory>

#include "pkcs11/broker/broker.h"
#include "pkcs11/config.h"
#include "pkcs11/error.h"
#include "pkcs11/log.h"
#include "pkcs11/wrap/wrap.h"

namespace grant::pkcs11 {

class Library {
 public:
  Library(Config settings, Log call_log) : config(std::move(settings)), log(std::move(call_log)) {}

  // C_Initialize. Reads the configuration; grantd is not asked for anything, so that a host starts
  // whether or not grantd runs. In the wrap placement the backing module is initialised with the
  // same arguments, and its answer is the answer.
  static Status Start(CK_C_INITIALIZE_ARGS* arguments);
  // C_Finalize. Calls that are under way in other threads end by themselves.
  static Status Stop(CK_VOID_PTR reserved);

  // The running library, for as long as the caller holds it. CKR_CRYPTOKI_NOT_INITIALIZED where
  // there is none, and in a forked child that has not called C_Initialize itself.
  static Result<std::shared_ptr<Library>> Running();

  const Config config;
  const Log log;
  // One of the two, as the configuration wants it.
  std::unique_ptr<Broker> broker;
  std::unique_ptr<wrap::Wrap> wrap;
};

}  // namespace grant::pkcs11
