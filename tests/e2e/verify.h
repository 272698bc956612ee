// Verification by OpenSSL, from the public numbers that a host read.
#pragma once

#include <string>

namespace grant::test {

// `numbers` is what the host's "public" answered, `signature` hex. `mechanism` by name; `data` is
// what was signed as the mechanism takes it.
bool Verifies(const std::string& numbers, const std::string& mechanism, const std::string& data,
              const std::string& signature);

std::string FromHex(const std::string& hex);
std::string ToHex(const std::string& bytes);
std::string Sha256(const std::string& data);

}  // namespace grant::test
