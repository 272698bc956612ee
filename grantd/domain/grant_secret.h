// Grant secrets: kGrantSecretPrefix and 26 characters of base 32, which are 130 random bits.
// Whoever gives one as the PIN may use the grant that it was made for. It is shown once and never
// kept.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "grant/grant_secret.h"

namespace grant {

using SecretEntropy = std::array<uint8_t, 17>;  // of which 130 bits are used

std::string MakeGrantSecret(const SecretEntropy& entropy);

// Whether a PIN has the form of a grant secret; no other needs to be looked up.
bool HasFormOfGrantSecret(std::string_view pin);

// What is kept of a secret, to recognise it by: its SHA-256 in lower-case hex. It needs neither
// salt nor many rounds, for there is no guessing 130 random bits.
std::string HashOfGrantSecret(std::string_view secret);

}  // namespace grant
