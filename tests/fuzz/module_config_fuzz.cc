// The module's configuration file.
#include "pkcs11/config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto config =
      grant::pkcs11::ParseConfig(grant::fuzz::Text(data, size), "/etc/grant/pkcs11.conf");
  if (config) {
    grant::fuzz::Require(config->gate.starts_with("unix:/"));
  } else {
    grant::fuzz::Require(config.error().rv != CKR_OK && !config.error().message.empty());
  }
  return 0;
}
