// Subjects and alternative names of certificate requests.
#include "grantd/domain/distinguished_name.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = grant::fuzz::Text(data, size);
  if (const auto parts = grant::ParseDistinguishedName(text)) {
    grant::fuzz::Require(!parts->empty() && parts->size() <= grant::kSubjectPartsMax);
    for (const grant::NamePart& part : *parts) {
      grant::fuzz::Require(!part.value.empty() &&
                           part.value.size() <= grant::kSubjectValueBytesMax);
      grant::fuzz::Require(part.value.find('\n') == std::string::npos);
    }
  }
  if (const auto name = grant::ParseAlternativeName(text)) {
    grant::fuzz::Require(!name->value.empty() &&
                         name->value.size() <= grant::kAlternativeNameBytesMax);
  }
  return 0;
}
