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
// Data has none: an error met there is the answer to the message that ends the operation. One call
// at a time runs on a connection; a client that wants several opens several. Anything malformed
// ends the connection.
//
// Data of more than one message go into an operation: one of the Begin messages (answered by
// Begun), any number of Data (not answered), and the End message of the same kind. Closing the
// connection in between abandons the operation and spends nothing.
//
// Who is calling is never said in a message: the kernel tells (SO_PEERCRED).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/error.h"
#include "grant/gate/message_type.h"
#include "grant/gate/public_messages.h"
#include "grant/gate/sign_messages.h"
#include "grant/gate/token_messages.h"
#include "grant/refusal.h"

namespace grant::gate {

inline constexpr uint16_t kProtocolVersion = 2;
inline constexpr size_t kHeaderBytes = 10;
inline constexpr size_t kRequestBytesMax = size_t{128} * 1024;  // a body that grantd accepts
inline constexpr size_t kAnswerBytesMax =
    size_t{16} * 1024 * 1024;                                     // a body that the module accepts
inline constexpr size_t kInlineDataBytesMax = size_t{64} * 1024;  // more data than this is streamed
inline constexpr size_t kListItemsMax = 65536;
inline constexpr const char* kDefaultGate = "unix:/run/grantd/gate.sock";

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

// The answer to each Begin message.
struct Begun {
  static constexpr MessageType kType = MessageType::kBegun;
  template <typename V>
  void Fields(V&) {}
};

// The next piece of a begun operation's data, at most kInlineDataBytesMax.
struct Data {
  static constexpr MessageType kType = MessageType::kData;
  Bytes data;

  template <typename V>
  void Fields(V& v) {
    v(data);
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
