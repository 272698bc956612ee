// grantd.toml.
#include "grantd/config/config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto config = grant::ParseConfig(std::string(grant::fuzz::Text(data, size)), "grantd.toml");
  if (config) {
    grant::fuzz::Require(!config->state_dir.empty() && config->tokens.size() <= grant::kTokensMax);
  } else {
    grant::fuzz::Require(!config.error().message.empty());
  }
  return 0;
}
