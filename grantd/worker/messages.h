// What grantd and a worker process say to each other about one token. A worker runs the backing
// module; grantd trusts it less than itself.
//
// A channel is a Unix stream socket for one call at a time: a request, and its answer. A frame is
//   length  u32  bytes of the body, at most the receiver's bound
//   type    u16  MessageType
//   body         the message's fields in the order of its Fields(), as grant/gate/codec.h has them
// Within a call the worker may ask for the PIN, as often as the module needs a login: AskPin is
// answered by PinGiven, that by PinPresented, and that by Done once grantd has noted it; or AskPin
// is answered by Failed, where there is no PIN to be had.
// Anything malformed or out of place ends the worker: by grantd's hand, or by its own.
//
// The worker acts on whole frames alone, so a request that could not be sent to its end has had no
// effect.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/error.h"
#include "grant/gate/protocol.h"
#include "grantd/hsm/pin_desk.h"
#include "grantd/hsm/token.h"

namespace grant::worker {

inline constexpr uint32_t kVersion = 2;
inline constexpr size_t kHeaderBytes = 6;
// Data that the token hashes itself come whole (16 MiB), and so do the objects of a token.
inline constexpr size_t kLongBytesMax = size_t{17} * 1024 * 1024;
inline constexpr size_t kShortBytesMax = size_t{128} * 1024;
inline constexpr size_t kTextBytesMax = 4096;

enum class MessageType : uint16_t {
  kOpen = 1,
  kOpened = 2,
  kDescribe = 3,
  kDescribed = 4,
  kGetObjects = 5,
  kObjects = 6,
  kSign = 7,
  kVerify = 8,
  kEncrypt = 9,
  kGetRandom = 10,
  kValue = 11,
  kDone = 12,
  kFailed = 13,
  kAskPin = 14,
  kPinGiven = 15,
  kPinPresented = 16,
  kGenerateKey = 17,
  kKeyMade = 18,
};

// Makes the worker load the module and log in. The first request, once.
struct Open {
  static constexpr MessageType kType = MessageType::kOpen;
  uint32_t version = kVersion;
  std::string name;
  std::string module;
  std::string uri;
  bool accept_any_pin = false;
  template <typename V>
  void Fields(V& v) {
    v(version), v(name), v(module), v(uri), v(accept_any_pin);
  }
};

struct Opened {
  static constexpr MessageType kType = MessageType::kOpened;
  template <typename V>
  void Fields(V&) {}
};

struct DescribeToken {
  static constexpr MessageType kType = MessageType::kDescribe;
  template <typename V>
  void Fields(V&) {}
};

struct Described {
  static constexpr MessageType kType = MessageType::kDescribed;
  gate::TokenRecord token;
  template <typename V>
  void Fields(V& v) {
    token.Fields(v);
  }
};

struct ObjectEntry {
  uint64_t id = 0;
  uint64_t object_class = 0;
  std::vector<gate::AttributeRecord> attributes;
  template <typename V>
  void Fields(V& v) {
    v(id), v(object_class), v(attributes);
  }
};

struct GetObjects {
  static constexpr MessageType kType = MessageType::kGetObjects;
  uint64_t known_version = 0;  // these are not sent again; 0 is none
  template <typename V>
  void Fields(V& v) {
    v(known_version);
  }
};

struct Objects {
  static constexpr MessageType kType = MessageType::kObjects;
  uint64_t version = 0;
  bool changed = true;
  std::vector<ObjectEntry> objects;
  template <typename V>
  void Fields(V& v) {
    v(version), v(changed), v(objects);
  }
};

struct Sign {
  static constexpr MessageType kType = MessageType::kSign;
  uint64_t key_id = 0;
  gate::SignMechanism mechanism;
  Bytes data;
  template <typename V>
  void Fields(V& v) {
    v(key_id), mechanism.Fields(v), v(data);
  }
};

struct Verify {
  static constexpr MessageType kType = MessageType::kVerify;
  uint64_t key_id = 0;
  gate::SignMechanism mechanism;
  Bytes data;
  Bytes signature;
  template <typename V>
  void Fields(V& v) {
    v(key_id), mechanism.Fields(v), v(data), v(signature);
  }
};

struct Encrypt {
  static constexpr MessageType kType = MessageType::kEncrypt;
  uint64_t key_id = 0;
  gate::EncryptMechanism mechanism;
  Bytes data;
  template <typename V>
  void Fields(V& v) {
    v(key_id), mechanism.Fields(v), v(data);
  }
};

struct GetRandom {
  static constexpr MessageType kType = MessageType::kGetRandom;
  uint32_t bytes = 0;
  template <typename V>
  void Fields(V& v) {
    v(bytes);
  }
};

struct GenerateKey {
  static constexpr MessageType kType = MessageType::kGenerateKey;
  uint16_t key_type = 0;  // grant::NewKeyType
  std::string label;
  Bytes id;
  template <typename V>
  void Fields(V& v) {
    v(key_type), v(label), v(id);
  }
};

struct KeyMade {
  static constexpr MessageType kType = MessageType::kKeyMade;
  bool label_taken = false;
  std::vector<std::string> left_out;
  template <typename V>
  void Fields(V& v) {
    v(label_taken), v(left_out);
  }
};

// The answer to Sign, Encrypt and GetRandom.
struct Value {
  static constexpr MessageType kType = MessageType::kValue;
  Bytes bytes;
  template <typename V>
  void Fields(V& v) {
    v(bytes);
  }
};

// The answer to Verify: the signature is right. And grantd's to PinPresented.
struct Done {
  static constexpr MessageType kType = MessageType::kDone;
  template <typename V>
  void Fields(V&) {}
};

// The answer to any request that the token does not fulfil.
struct Failed {
  static constexpr MessageType kType = MessageType::kFailed;
  uint64_t rv = 0;
  std::string function;
  bool answered = true;
  uint32_t code = 0;  // grant::Code
  std::string message;
  std::string hint;
  bool fault = false;  // answering Open: waiting mends nothing, for the configuration is wrong
  template <typename V>
  void Fields(V& v) {
    v(rv), v(function), v(answered), v(code), v(message), v(hint), v(fault);
  }
};

struct AskPin {
  static constexpr MessageType kType = MessageType::kAskPin;
  template <typename V>
  void Fields(V&) {}
};

struct PinGiven {
  static constexpr MessageType kType = MessageType::kPinGiven;
  Bytes pin;  // 1 to 255
  template <typename V>
  void Fields(V& v) {
    v(pin);
  }
};

struct PinPresented {
  static constexpr MessageType kType = MessageType::kPinPresented;
  uint64_t rv = 0;  // what C_Login answered
  template <typename V>
  void Fields(V& v) {
    v(rv);
  }
};

template <typename M>
Bytes Encode(const M& message);

// The message in a body, or an Error of Code::kInvalid that names the fault. Beside the form it
// checks what the fields may be: bounds, texts that can be printed, distinct IDs of objects.
template <typename M>
Result<M> Decode(ByteView body);

struct FrameHeader {
  uint32_t body_bytes = 0;
  MessageType type{};
};

Bytes EncodeHeader(const FrameHeader& header);
// Reads kHeaderBytes. Fails with Code::kTooLarge where the body would exceed `body_bytes_max`.
Result<FrameHeader> DecodeHeader(ByteView header, size_t body_bytes_max);

Failed ToFailed(const SessionFailure& failure);
SessionFailure ToFailure(const Failed& failed);

}  // namespace grant::worker
