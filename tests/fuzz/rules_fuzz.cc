// rules.toml, as grantctl sends it.
#include "grantd/config/rules_toml.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(grant::fuzz::Text(data, size));
  const auto rules = grant::ParseRules(text, "rules.toml", {{"release.pem", text}});
  if (!rules) grant::fuzz::Require(!rules.error().message.empty());
  return 0;
}
