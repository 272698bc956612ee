// CK_MECHANISM as a host gives it to C_SignInit: the first eight bytes are its type, the rest its
// parameters.
#include <cstring>
#include <vector>

#include "pkcs11/broker/sign_mechanism.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  CK_MECHANISM_TYPE type = 0;
  if (size < sizeof type) return 0;
  std::memcpy(&type, data, sizeof type);
  // A copy of its own size, so that a read beyond the parameters is seen.
  std::vector<uint8_t> parameters(data + sizeof type, data + size);
  const CK_MECHANISM mechanism{type, parameters.data(), parameters.size()};
  const auto parsed = grant::pkcs11::SignMechanism::Parse(mechanism);
  if (parsed) grant::fuzz::Require(parsed->facts != nullptr && parsed->wire.type == type);
  return 0;
}
