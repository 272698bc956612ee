// What a fake gate answers where no grant is needed.
#pragma once

#include <optional>
#include <utility>

#include "grant/gate/protocol.h"

namespace grant::test {

// Every byte of an answer; of a right signature, too.
inline constexpr uint8_t kSignatureByte = 0x55;
inline constexpr uint8_t kDigestByte = 0x33;
inline constexpr uint8_t kCiphertextByte = 0x66;
inline constexpr uint8_t kRandomByte = 0x99;

// One question, in one message or in parts.
struct PublicCall {
  gate::MessageType type{};  // the message that asks, or begins
  std::string token;
  uint64_t key_id = 0;
  gate::SignMechanism verify;
  uint64_t digest = 0;
  gate::EncryptMechanism encrypt;
  Bytes data;
  Bytes signature;
  size_t random_bytes = 0;
};

using Answer = std::pair<gate::MessageType, Bytes>;

// The question that the message asks or begins; nothing where it does neither.
std::optional<PublicCall> ReadPublicCall(const gate::Frame& request);
bool IsBegin(gate::MessageType type);
// The message that ends one begun by `begin`.
gate::MessageType EndOf(gate::MessageType begin);

Answer AnswerPublicCall(const PublicCall& call);

}  // namespace grant::test
