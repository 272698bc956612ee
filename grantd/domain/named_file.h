// The name that somebody gave a file, beside the digest of what it holds. People read it; nothing
// is decided by it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grantd/domain/digest.h"

namespace grant {

inline constexpr size_t kFileNameBytesMax = 255;

struct NamedFile {
  std::string name;
  Digest digest;
  bool operator==(const NamedFile&) const = default;
};

// A name that can be shown: what is no UTF-8, control characters and those that change the
// direction of writing become "_"; of a name that is too long the end stays.
std::string ShownFileName(std::string_view name);

}  // namespace grant
