#include "grantd/domain/named_file.h"

#include "grantd/domain/text.h"

namespace grant {

std::string ShownFileName(std::string_view name) {
  if (name.size() > kFileNameBytesMax) {
    name.remove_prefix(name.size() - kFileNameBytesMax);
    // What is left of a character that was cut in two.
    while (!name.empty() && (static_cast<unsigned char>(name.front()) & 0xC0) == 0x80) {
      name.remove_prefix(1);
    }
  }
  return Harmless(name, '_', false);
}

}  // namespace grant
