// Targets of HTTP requests.
#include "grantd/api/target.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto target = grant::api::ParseTarget(grant::fuzz::Text(data, size));
  if (!target) return 0;
  grant::fuzz::Require(target->path.starts_with("/"));
  grant::fuzz::Require(target->query.size() <= grant::api::kQueryKeysMax);
  return 0;
}
