// The wrap placement: the backing module runs in this process, and every function goes straight
// through to it with the caller's own handles. Only uses of a private key that a signer governs are
// gated. One for each C_Initialize.
//
// The backing module is called only from within the caller's call, and no lock is held meanwhile:
// its own cryptography may come back into this module on the same thread.
#pragma once

#include <memory>

#include "grant/cryptoki/backing_module.h"
#include "pkcs11/config.h"
#include "pkcs11/error.h"
#include "pkcs11/gate_client.h"
#include "pkcs11/wrap/known_keys.h"
#include "pkcs11/wrap/operations.h"

namespace grant::pkcs11::wrap {

class Wrap {
 public:
  // Loads the backing module that the configuration names. It must not be this module itself.
  static Result<std::unique_ptr<Wrap>> Open(const Config& config);
  Wrap(const Wrap&) = delete;
  Wrap& operator=(const Wrap&) = delete;

  // The backing module's own C_Initialize and C_Finalize. That somebody else in the process, or the
  // parent before a fork, has initialised it already is an answer like any other.
  Status Initialize(CK_C_INITIALIZE_ARGS* arguments);
  Status Finalize();
  // C_Finalize where C_Initialize was not called: CKR_CRYPTOKI_NOT_INITIALIZED, or what a backing
  // module says that was loaded before: in a forked child it may be initialised all the same.
  static Status FinalizeInherited();

  // The backing module's functions; one that it does not have is null.
  const CK_FUNCTION_LIST_3_0& functions() const { return functions_; }

  GateClient gate;
  KnownKeys known_keys;
  Operations operations;

 private:
  Wrap(const Config& config, const CK_FUNCTION_LIST_3_0& functions)
      : gate(config), functions_(functions) {}

  const CK_FUNCTION_LIST_3_0& functions_;
};

// Whether a function leaves to every handle of an object the meaning that it had.
template <auto kFunction>
inline constexpr bool kKeepsHandles = false;

// The backing module's answer as a Status. What it says is for the program; the person is told of
// refusals only.
inline Status FromBacking(CK_RV rv) {
  if (rv == CKR_OK) return {};
  return Fail(rv);
}

// Calls one of the backing module's functions, with nothing in between.
template <auto kMember, typename... Arguments>
Status Through(Wrap& wrap, Arguments... arguments) {
  const auto function = wrap.functions().*kMember;
  if (function == nullptr) return Fail(CKR_FUNCTION_NOT_SUPPORTED);
  return FromBacking(function(arguments...));
}

template <auto kMember, typename... Arguments>
constexpr auto ThroughOf(CK_RV (*CK_FUNCTION_LIST_3_0::* /*signature*/)(Arguments...)) {
  return &Through<kMember, Arguments...>;
}

// The body of a function that is not gated.
template <auto kMember>
inline constexpr auto kThrough = ThroughOf<kMember>(kMember);

}  // namespace grant::pkcs11::wrap
