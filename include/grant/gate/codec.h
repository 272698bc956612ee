// How fields become bytes and bytes fields, for every protocol of length-prefixed messages here.
//
// A message lists its fields in Fields(visitor). Numbers are big-endian. A byte string is a u32
// length and the bytes; a list is a u32 count and the items; an optional is a u8 0 or 1 and the
// item.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "grant/bytes.h"
#include "grant/error.h"
#include "grant/gate/protocol.h"

namespace grant::gate {

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

// The size is counted first, so that no half-grown copy of a secret is left behind in freed memory.
template <typename M>
Bytes EncodeFields(const M& message) {
  Encoder counter(nullptr);
  counter(message);
  Bytes body;
  body.reserve(counter.bytes());
  Encoder writer(&body);
  writer(message);
  return body;
}

// `what` names the kind of message in the error.
template <typename M>
Result<M> DecodeFields(ByteView body, const char* what) {
  M message;
  Decoder decoder(body);
  decoder(message);
  if (const char* fault = decoder.Finish()) {
    return Fail(Code::kInvalid, std::string("malformed ") + what + ": " + fault);
  }
  return message;
}

}  // namespace grant::gate
