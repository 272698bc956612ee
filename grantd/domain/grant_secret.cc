#include "grantd/domain/grant_secret.h"

#include "grantd/domain/base32.h"
#include "grantd/domain/sha256.h"

namespace grant {
namespace {

constexpr size_t kSecretCharacters = 26;

}  // namespace

std::string MakeGrantSecret(const SecretEntropy& entropy) {
  std::string secret;
  // No reallocation may leave a copy behind.
  secret.reserve(kGrantSecretPrefix.size() + kSecretCharacters);
  secret = kGrantSecretPrefix;
  AppendBase32(secret, entropy, kSecretCharacters);
  return secret;
}

bool HasFormOfGrantSecret(std::string_view pin) {
  return pin.size() == kGrantSecretPrefix.size() + kSecretCharacters &&
         pin.starts_with(kGrantSecretPrefix) &&
         pin.find_first_not_of(kBase32Alphabet, kGrantSecretPrefix.size()) ==
             std::string_view::npos;
}

std::string HashOfGrantSecret(std::string_view secret) {
  return Hex(Sha256(AsBytes(secret)));
}

}  // namespace grant
