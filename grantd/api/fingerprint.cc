#include "grantd/api/fingerprint.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "grant/bytes.h"

namespace grant::api {

std::string Fingerprint(std::string_view text, size_t bytes) {
  std::array<uint8_t, kFingerprintBytesMax> hash{};
  if (EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available");
  }
  return Hex(ByteView(hash).first(bytes));
}

}  // namespace grant::api
