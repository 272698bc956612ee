// Gate messages about uses of a governed private key: signatures, and uses spent for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/gate/message_type.h"

namespace grant::gate {

// CK_RSA_PKCS_PSS_PARAMS.
struct PssParameters {
  uint64_t hash = 0;  // CK_MECHANISM_TYPE
  uint64_t mgf = 0;   // CK_RSA_PKCS_MGF_TYPE
  uint64_t salt_bytes = 0;
  template <typename V>
  void Fields(V& v) {
    v(hash), v(mgf), v(salt_bytes);
  }
  bool operator==(const PssParameters&) const = default;
};

// CK_MECHANISM of a signing operation. EdDSA is pure Ed25519 or Ed448, hence without parameters.
struct SignMechanism {
  uint64_t type = 0;
  std::optional<PssParameters> pss;
  template <typename V>
  void Fields(V& v) {
    v(type), v(pss);
  }
  bool operator==(const SignMechanism&) const = default;
};

// What a signature is asked for: shared by Sign and SignBegin.
struct SignTarget {
  std::string token;
  uint64_t key_id = 0;
  SignMechanism mechanism;
  std::string secret;  // the grant secret given to C_Login, or empty
  std::string grant;   // the one grant to use (GRANTD_GRANT), or empty for grantd's choice
  // The wrap placement: the caller makes the signature in a session of its own with the token, so
  // grantd spends the use and answers Spent. Such a use is never given back.
  bool spend_only = false;
  // With spend_only: the mechanism has parameters that have no place in this message, so that
  // nobody but the token knows what is signed.
  bool opaque_parameters = false;
  template <typename V>
  void Fields(V& v) {
    v(token), v(key_id), mechanism.Fields(v), v(secret), v(grant), v(spend_only);
    v(opaque_parameters);
  }
};

// A whole signature in one message; `data` is at most kInlineDataBytesMax.
struct Sign {
  static constexpr MessageType kType = MessageType::kSign;
  SignTarget target;
  Bytes data;
  template <typename V>
  void Fields(V& v) {
    target.Fields(v), v(data);
  }
};

// A long signature: SignBegin, Data, SignEnd.
struct SignBegin {
  static constexpr MessageType kType = MessageType::kSignBegin;
  SignTarget target;

  template <typename V>
  void Fields(V& v) {
    target.Fields(v);
  }
};

struct SignEnd {
  static constexpr MessageType kType = MessageType::kSignEnd;
  template <typename V>
  void Fields(V&) {}
};

// The answer to Sign and SignEnd.
struct Signature {
  static constexpr MessageType kType = MessageType::kSignature;
  Bytes signature;

  template <typename V>
  void Fields(V& v) {
    v(signature);
  }
};

// The answer to Sign and SignEnd where the target is spend_only: the use is spent durably, and the
// caller may sign these data once.
struct Spent {
  static constexpr MessageType kType = MessageType::kSpent;
  template <typename V>
  void Fields(V&) {}
};

}  // namespace grant::gate
