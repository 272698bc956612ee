// The gate protocol: what grant-pkcs11.so and grantd say to each other on the gate socket.
//
// A connection is a Unix stream socket that carries frames. A frame is
//   length    u32  bytes of the body, at most the receiver's bound below
//   type      u16  MessageType
//   sequence  u32  chosen by the client; the answer carries the same number
//   body           the message's fields in the order of its Fields()
// Numbers are big-endian. A byte string is a u32 length and the bytes; a list is a u32 count and
// the items; an optional is a u8 0 or 1 and the item. A body must be used up exactly.
//
// The client speaks first, with Hello. Then each request has one answer: its own or Refused. Only
// SignData has none: an error met there is the answer to SignEnd. One call at a time runs on a
// connection; a client that wants several opens several. Anything malformed ends the connection.
//
// Who is calling is never said in a message: the kernel tells (SO_PEERCRED).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/error.h"
#include "grant/refusal.h"

namespace grant::gate {

inline constexpr uint16_t kProtocolVersion = 1;
inline constexpr size_t kHeaderBytes = 10;
inline constexpr size_t kRequestBytesMax = size_t{128} * 1024;  // a body that grantd accepts
inline constexpr size_t kAnswerBytesMax =
    size_t{16} * 1024 * 1024;                                     // a body that the module accepts
inline constexpr size_t kInlineDataBytesMax = size_t{64} * 1024;  // more data than this is streamed
inline constexpr size_t kListItemsMax = 65536;
inline constexpr const char* kDefaultGate = "unix:/run/grantd/gate.sock";

enum class MessageType : uint16_t {
  kHello = 1,
  kWelcome = 2,
  kGetTokens = 3,
  kTokens = 4,
  kGetObjects = 5,
  kObjects = 6,
  kLogin = 7,
  kLoginAccepted = 8,
  kSign = 9,
  kSignBegin = 10,
  kSignBegun = 11,
  kSignData = 12,
  kSignEnd = 13,
  kSignature = 14,
  kRefused = 15,
};

struct Frame {
  MessageType type{};
  uint32_t sequence = 0;
  Bytes body;
};

struct Hello {
  static constexpr MessageType kType = MessageType::kHello;
  uint16_t version = kProtocolVersion;
  template <typename V>
  void Fields(V& v) {
    v(version);
  }
};

struct Welcome {
  static constexpr MessageType kType = MessageType::kWelcome;
  uint16_t version = kProtocolVersion;
  std::string server;  // "grantd 0.1.0"
  // A number that grantd draws at random when it starts, never 0. Object ids and versions mean
  // something only together with it: the module looks its objects up again when it meets another
  // run.
  uint64_t run = 0;
  template <typename V>
  void Fields(V& v) {
    v(version), v(server), v(run);
  }
};

struct GetTokens {
  static constexpr MessageType kType = MessageType::kGetTokens;
  template <typename V>
  void Fields(V&) {}
};

// CK_MECHANISM_INFO of one mechanism; only signing mechanisms are listed, flags as grantd serves
// them.
struct MechanismRecord {
  uint64_t type = 0;
  uint64_t key_size_min = 0;
  uint64_t key_size_max = 0;
  uint64_t flags = 0;
  template <typename V>
  void Fields(V& v) {
    v(type), v(key_size_min), v(key_size_max), v(flags);
  }
};

// One token that grantd serves, as the backing module describes it (CK_SLOT_INFO, CK_TOKEN_INFO).
// Text is without padding. Versions are major << 8 | minor.
struct TokenRecord {
  std::string name;  // grantd's name for it, used in the calls below
  bool present = false;
  bool accept_any_pin = false;
  uint64_t slot_id = 0;
  std::string slot_description;
  std::string slot_manufacturer;
  uint64_t slot_flags = 0;
  uint16_t slot_hardware = 0;
  uint16_t slot_firmware = 0;
  std::string label;
  std::string manufacturer;
  std::string model;
  std::string serial;
  uint64_t token_flags = 0;
  uint64_t pin_length_min = 0;
  uint64_t pin_length_max = 0;
  uint16_t token_hardware = 0;
  uint16_t token_firmware = 0;
  std::vector<MechanismRecord> mechanisms;
  template <typename V>
  void Fields(V& v) {
    v(name), v(present), v(accept_any_pin), v(slot_id), v(slot_description), v(slot_manufacturer);
    v(slot_flags), v(slot_hardware), v(slot_firmware), v(label), v(manufacturer), v(model);
    v(serial), v(token_flags), v(pin_length_min), v(pin_length_max), v(token_hardware);
    v(token_firmware), v(mechanisms);
  }
};

struct Tokens {
  static constexpr MessageType kType = MessageType::kTokens;
  std::vector<TokenRecord> tokens;
  template <typename V>
  void Fields(V& v) {
    v(tokens);
  }
};

// Asks for a token's objects. With `known_version` from an earlier answer, an unchanged token
// answers with `changed` false and no objects. 0 is never a version.
struct GetObjects {
  static constexpr MessageType kType = MessageType::kGetObjects;
  std::string token;
  uint64_t known_version = 0;
  template <typename V>
  void Fields(V& v) {
    v(token), v(known_version);
  }
};

// One attribute. `value` is as the backing module gave it, in this machine's byte order and word
// size. A sensitive attribute has no value.
struct AttributeRecord {
  uint64_t type = 0;
  bool sensitive = false;
  Bytes value;
  template <typename V>
  void Fields(V& v) {
    v(type), v(sensitive), v(value);
  }
};

// The signer that governs a private key. An empty list of mechanisms allows all that the key can
// do.
struct SignerRecord {
  std::string name;
  std::vector<uint64_t> mechanisms;
  template <typename V>
  void Fields(V& v) {
    v(name), v(mechanisms);
  }
};

struct ObjectRecord {
  uint64_t id = 0;  // stands for the object while grantd runs, and is not given to another
  std::vector<AttributeRecord> attributes;
  std::optional<SignerRecord> signer;
  template <typename V>
  void Fields(V& v) {
    v(id), v(attributes), v(signer);
  }
};

struct Objects {
  static constexpr MessageType kType = MessageType::kObjects;
  uint64_t version = 0;
  bool changed = true;
  std::vector<ObjectRecord> objects;
  template <typename V>
  void Fields(V& v) {
    v(version), v(changed), v(objects);
  }
};

// A PIN given to C_Login that is not empty. LoginAccepted says that it is a grant secret (or that
// the token accepts any PIN).
struct Login {
  static constexpr MessageType kType = MessageType::kLogin;
  std::string token;
  std::string pin;
  template <typename V>
  void Fields(V& v) {
    v(token), v(pin);
  }
};

struct LoginAccepted {
  static constexpr MessageType kType = MessageType::kLoginAccepted;
  template <typename V>
  void Fields(V&) {}
};

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
  template <typename V>
  void Fields(V& v) {
    v(token), v(key_id), mechanism.Fields(v), v(secret), v(grant);
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

// A long signature: SignBegin (answered by SignBegun), any number of SignData (not answered),
// SignEnd (answered by Signature). Closing the connection in between abandons it and spends
// nothing.
struct SignBegin {
  static constexpr MessageType kType = MessageType::kSignBegin;
  SignTarget target;
  template <typename V>
  void Fields(V& v) {
    target.Fields(v);
  }
};

struct SignBegun {
  static constexpr MessageType kType = MessageType::kSignBegun;
  template <typename V>
  void Fields(V&) {}
};

struct SignData {
  static constexpr MessageType kType = MessageType::kSignData;
  Bytes data;
  template <typename V>
  void Fields(V& v) {
    v(data);
  }
};

struct SignEnd {
  static constexpr MessageType kType = MessageType::kSignEnd;
  template <typename V>
  void Fields(V&) {}
};

struct Signature {
  static constexpr MessageType kType = MessageType::kSignature;
  Bytes signature;
  template <typename V>
  void Fields(V& v) {
    v(signature);
  }
};

// The answer to any request that grantd does not fulfil.
struct Refused {
  static constexpr MessageType kType = MessageType::kRefused;
  Cause cause = Cause::kProtocol;
  uint64_t token_rv = 0;  // the backing module's CK_RV where the cause is kTokenRefused
  std::string message;
  std::string hint;
  template <typename V>
  void Fields(V& v) {
    v(cause), v(token_rv), v(message), v(hint);
  }
};

// Body of a message. Never fails: the callers keep to the bounds.
template <typename M>
Bytes Encode(const M& message);

// The message in a body, or an Error of Code::kInvalid that names the fault. Allocates no more than
// the body's own size suggests, whatever lengths it claims.
template <typename M>
Result<M> Decode(ByteView body);

struct FrameHeader {
  uint32_t body_bytes = 0;
  MessageType type{};
  uint32_t sequence = 0;
};

// kHeaderBytes as they go on the wire.
Bytes EncodeHeader(const FrameHeader& header);

// A frame's header and body as they go on the wire.
Bytes EncodeFrame(MessageType type, uint32_t sequence, ByteView body);

// Reads kHeaderBytes. Fails with Code::kTooLarge where the body would exceed `body_bytes_max`.
Result<FrameHeader> DecodeHeader(ByteView header, size_t body_bytes_max);

}  // namespace grant::gate
