#include "grantd/domain/id.h"

namespace grant {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kUlidCharacters = 26;

}  // namespace

std::string MakeId(std::string_view prefix, Time now, const IdEntropy& entropy) {
  std::string id(prefix);
  const auto millis = static_cast<uint64_t>(ToMillis(now));
  for (int shift = 45; shift >= 0; shift -= 5) id += kAlphabet[(millis >> shift) & 31];
  uint32_t bits = 0;
  int count = 0;
  for (const uint8_t byte : entropy) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 5; count -= 5) id += kAlphabet[(bits >> (count - 5)) & 31];
  }
  return id;
}

bool IsIdPrefix(std::string_view prefix, std::string_view text) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  const std::string_view rest = text.substr(prefix.size());
  return rest.size() <= kUlidCharacters &&
         rest.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace grant
