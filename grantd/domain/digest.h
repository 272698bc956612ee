// The digest of some content: "sha256:<hex>".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grant/bytes.h"
#include "grant/error.h"

namespace grant {

struct Digest {
  std::string algorithm;  // "sha256"
  std::string hex;        // lower case

  // Accepts sha224, sha256, sha384 and sha512 with a value of the right length.
  static Result<Digest> Parse(std::string_view text);
  std::string text() const { return algorithm + ":" + hex; }
  bool operator==(const Digest&) const = default;
};

}  // namespace grant
