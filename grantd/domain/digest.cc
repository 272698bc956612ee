#include "grantd/domain/digest.h"

#include <algorithm>
#include <array>

namespace grant {
namespace {

struct Algorithm {
  std::string_view name;
  size_t hex_characters;
};
constexpr std::array<Algorithm, 4> kAlgorithms = {
    {{"sha224", 56}, {"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};

}  // namespace

Result<Digest> Digest::Parse(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const auto* algorithm = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                       [name](const Algorithm& a) { return a.name == name; });
  const std::string_view hex = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const bool valid = algorithm != kAlgorithms.end() && hex.size() == algorithm->hex_characters &&
                     hex.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (!valid) {
    return Fail(Code::kInvalid, "'" + std::string(text.substr(0, 80)) + "' is not a digest",
                "write it as sha256:HEX with the output of sha256sum (or sha224, sha384, sha512)");
  }
  Digest digest{std::string(name), std::string(hex)};
  for (char& c : digest.hex) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return digest;
}

}  // namespace grant
