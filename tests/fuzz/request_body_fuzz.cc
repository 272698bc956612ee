// JSON bodies of API requests.
#include <nlohmann/json.hpp>

#include "grantd/api/strict_json.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using grant::api::ObjectReader;
  const auto object = grant::api::ParseObject(grant::fuzz::Text(data, size));
  if (!object) return 0;
  grant::fuzz::Require(object->is_object());
  const auto reader = ObjectReader::Open(
      *object, "", {"signer", "signings", "window", "justification", "digests", "new"});
  if (!reader) return 0;
  const auto signings = reader->Integer("signings", 1, 1000);
  if (signings) grant::fuzz::Require(*signings >= 1 && *signings <= 1000);
  (void)reader->Text("signer");
  (void)reader->Texts("digests");
  (void)reader->Bool("new");
  (void)reader->Object("window");
  return 0;
}
