// PKCS#11 URIs of keys and tokens.
#include "grantd/hsm/token.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(grant::fuzz::Text(data, size));
  const auto key = grant::ParseKeyUri(text);
  if (!key) grant::fuzz::Require(!key.error().message.empty());
  const auto token = grant::ParseTokenUri(text);
  if (token) grant::fuzz::Require(token->object.empty() && token->id.empty());
  return 0;
}
