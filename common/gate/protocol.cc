#include "grant/gate/protocol.h"

#include <algorithm>
#include <type_traits>

namespace grant::gate {
namespace {

// Writes the fields of a message; without a destination, only counts the bytes.
class Encoder {
 public:
  explicit Encoder(Bytes* out) : out_(out) {}
  size_t bytes() const { return bytes_; }

  void operator()(const bool& value) { Number<uint8_t>(value ? 1 : 0); }
  void operator()(const uint16_t& value) { Number(value); }
  void operator()(const uint32_t& value) { Number(value); }
  void operator()(const uint64_t& value) { Number(value); }
  void operator()(const Cause& value) { Number(static_cast<uint16_t>(value)); }
  void operator()(const std::string& value) { ByteString(AsBytes(value)); }
  void operator()(const Bytes& value) { ByteString(value); }

  template <typename T>
  void operator()(const std::vector<T>& items) {
    Number(static_cast<uint32_t>(items.size()));
    for (const T& item : items) (*this)(item);
  }

  template <typename T>
  void operator()(const std::optional<T>& item) {
    (*this)(item.has_value());
    if (item) (*this)(*item);
  }

  // Fields() is one list for reading and writing, hence not const; this visitor only reads.
  template <typename T>
  requires std::is_class_v<T>
  void operator()(const T& structure) { const_cast<T&>(structure).Fields(*this); }

 private:
  template <typename T>
  void Number(T value) {
    uint8_t big_endian[sizeof(T)];
    for (size_t i = 0; i < sizeof(T); ++i) {
      big_endian[i] = static_cast<uint8_t>(value >> (8 * (sizeof(T) - 1 - i)));
    }
    Append(big_endian);
  }

  void ByteString(ByteView value) {
    Number(static_cast<uint32_t>(value.size()));
    Append(value);
  }

  void Append(ByteView value) {
    bytes_ += value.size();
    if (out_ != nullptr) out_->insert(out_->end(), value.begin(), value.end());
  }

  Bytes* out_;
  size_t bytes_ = 0;
};

// Reads the fields of a message. The first fault ends the reading: what follows it stays empty.
class Decoder {
 public:
  explicit Decoder(ByteView body) : rest_(body) {}

  void operator()(bool& value) {
    uint8_t number = 0;
    Number(number);
    if (number > 1) Fault("a truth value is neither 0 nor 1");
    value = number == 1;
  }
  void operator()(uint16_t& value) { Number(value); }
  void operator()(uint32_t& value) { Number(value); }
  void operator()(uint64_t& value) { Number(value); }
  // A number without a name here is kept: a newer grantd may know more causes.
  void operator()(Cause& value) {
    uint16_t number = 0;
    Number(number);
    value = static_cast<Cause>(number);
  }
  void operator()(std::string& value) { value = AsText(ByteString()); }
  void operator()(Bytes& value) {
    ByteView bytes = ByteString();
    value.assign(bytes.begin(), bytes.end());
  }

  // The count is not trusted: memory grows with the items that are really there.
  template <typename T>
  void operator()(std::vector<T>& items) {
    uint32_t count = 0;
    Number(count);
    if (count > kListItemsMax) return Fault("a list is too long");
    if (count > rest_.size()) return Fault("a list has more items than bytes");
    for (uint32_t i = 0; i < count && fault_ == nullptr; ++i) (*this)(items.emplace_back());
  }

  template <typename T>
  void operator()(std::optional<T>& item) {
    bool present = false;
    (*this)(present);
    if (present) (*this)(item.emplace());
  }

  template <typename T>
  requires std::is_class_v<T>
  void operator()(T& structure) { structure.Fields(*this); }

  // Null where the whole body was read without a fault.
  const char* Finish() {
    if (!rest_.empty()) Fault("bytes are left over");
    return fault_;
  }

 private:
  template <typename T>
  void Number(T& value) {
    ByteView bytes = Take(sizeof(T));
    value = 0;
    for (uint8_t byte : bytes) value = static_cast<T>((uint64_t{value} << 8) | byte);
  }

  ByteView ByteString() {
    uint32_t size = 0;
    Number(size);
    return Take(size);
  }

  ByteView Take(size_t size) {
    if (fault_ != nullptr) return {};
    if (size > rest_.size()) {
      Fault("it ends too early");
      return {};
    }
    ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  void Fault(const char* fault) {
    if (fault_ == nullptr) fault_ = fault;
  }

  ByteView rest_;
  const char* fault_ = nullptr;
};

}  // namespace

// The size is counted first, so that no half-grown copy of a secret is left behind in freed memory.
template <typename M>
Bytes Encode(const M& message) {
  Encoder counter(nullptr);
  counter(message);
  Bytes body;
  body.reserve(counter.bytes());
  Encoder writer(&body);
  writer(message);
  return body;
}

template <typename M>
Result<M> Decode(ByteView body) {
  M message;
  Decoder decoder(body);
  decoder(message);
  if (const char* fault = decoder.Finish()) {
    return Fail(Code::kInvalid, std::string("malformed gate message: ") + fault);
  }
  return message;
}

#define GRANT_MESSAGE(M)           \
  template Bytes Encode(const M&); \
  template Result<M> Decode(ByteView)
GRANT_MESSAGE(Hello);
GRANT_MESSAGE(Welcome);
GRANT_MESSAGE(GetTokens);
GRANT_MESSAGE(Tokens);
GRANT_MESSAGE(GetObjects);
GRANT_MESSAGE(Objects);
GRANT_MESSAGE(Login);
GRANT_MESSAGE(LoginAccepted);
GRANT_MESSAGE(Sign);
GRANT_MESSAGE(SignBegin);
GRANT_MESSAGE(Begun);
GRANT_MESSAGE(Data);
GRANT_MESSAGE(SignEnd);
GRANT_MESSAGE(Signature);
GRANT_MESSAGE(Refused);
GRANT_MESSAGE(Spent);
GRANT_MESSAGE(IdentifyKey);
GRANT_MESSAGE(KeyIdentified);
GRANT_MESSAGE(Verify);
GRANT_MESSAGE(VerifyBegin);
GRANT_MESSAGE(VerifyEnd);
GRANT_MESSAGE(Verified);
GRANT_MESSAGE(Digest);
GRANT_MESSAGE(DigestBegin);
GRANT_MESSAGE(DigestEnd);
GRANT_MESSAGE(DigestValue);
GRANT_MESSAGE(Encrypt);
GRANT_MESSAGE(Ciphertext);
GRANT_MESSAGE(GetRandom);
GRANT_MESSAGE(Random);
#undef GRANT_MESSAGE

Bytes EncodeHeader(const FrameHeader& header) {
  Bytes bytes;
  bytes.reserve(kHeaderBytes);
  Encoder encoder(&bytes);
  encoder(header.body_bytes);
  encoder(static_cast<uint16_t>(header.type));
  encoder(header.sequence);
  return bytes;
}

Bytes EncodeFrame(MessageType type, uint32_t sequence, ByteView body) {
  Bytes frame = EncodeHeader({static_cast<uint32_t>(body.size()), type, sequence});
  frame.insert(frame.end(), body.begin(), body.end());
  return frame;
}

Result<FrameHeader> DecodeHeader(ByteView header, size_t body_bytes_max) {
  FrameHeader result;
  uint16_t type = 0;
  Decoder decoder(header);
  decoder(result.body_bytes);
  decoder(type);
  decoder(result.sequence);
  if (decoder.Finish() != nullptr) return Fail(Code::kInvalid, "malformed gate frame header");
  if (result.body_bytes > body_bytes_max) {
    return Fail(Code::kTooLarge, "a gate frame of " + std::to_string(result.body_bytes) +
                                     " bytes is over the bound of " +
                                     std::to_string(body_bytes_max));
  }
  result.type = static_cast<MessageType>(type);
  return result;
}

}  // namespace grant::gate
