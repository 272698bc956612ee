#include "grantd/api/fingerprint.h"

#include "grant/bytes.h"
#include "grantd/domain/sha256.h"

namespace grant::api {

std::string Fingerprint(std::string_view text, size_t bytes) {
  const auto hash = Sha256(AsBytes(text));
  return Hex(ByteView(hash).first(bytes));
}

}  // namespace grant::api
