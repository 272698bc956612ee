// The number that each gate message has on the wire.
#pragma once

#include <cstdint>

namespace grant::gate {

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
  kBegun = 11,
  kData = 12,
  kSignEnd = 13,
  kSignature = 14,
  kRefused = 15,
  kSpent = 16,
  kIdentifyKey = 17,
  kKeyIdentified = 18,
  kVerify = 19,
  kVerifyBegin = 20,
  kVerifyEnd = 21,
  kVerified = 22,
  kDigest = 23,
  kDigestBegin = 24,
  kDigestEnd = 25,
  kDigestValue = 26,
  kEncrypt = 27,
  kCiphertext = 28,
  kGetRandom = 29,
  kRandom = 30,
};

}  // namespace grant::gate
