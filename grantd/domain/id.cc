#include "grantd/domain/id.h"

#include "grantd/domain/base32.h"

namespace grant {
namespace {

constexpr size_t kUlidCharacters = 26;
constexpr size_t kEntropyCharacters = 16;

}  // namespace

std::string MakeId(std::string_view prefix, Time now, const IdEntropy& entropy) {
  std::string id(prefix);
  const auto millis = static_cast<uint64_t>(ToMillis(now));
  for (int shift = 45; shift >= 0; shift -= 5) id += kBase32Alphabet[(millis >> shift) & 31];
  AppendBase32(id, entropy, kEntropyCharacters);
  return id;
}

bool IsIdPrefix(std::string_view prefix, std::string_view text) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  const std::string_view rest = text.substr(prefix.size());
  return rest.size() <= kUlidCharacters &&
         rest.find_first_not_of(kBase32Alphabet) == std::string_view::npos;
}

}  // namespace grant
