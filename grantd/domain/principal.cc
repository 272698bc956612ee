#include "grantd/domain/principal.h"

#include <algorithm>
#include <charconv>

namespace grant {
namespace {

constexpr size_t kSchemeBytesMax = 32;
constexpr size_t kNameBytesMax = 128;

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsScheme(std::string_view scheme) {
  return !scheme.empty() && scheme.size() <= kSchemeBytesMax && IsLower(scheme.front()) &&
         std::all_of(scheme.begin(), scheme.end(),
                     [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != ',' && c != '\\';
         });
}

}  // namespace

Result<Principal> Principal::Parse(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || !IsScheme(text.substr(0, colon)) ||
      !IsName(text.substr(colon + 1))) {
    return Fail(Code::kInvalid, "'" + std::string(text.substr(0, 64)) + "' names nobody",
                "write it as unix:NAME, unix-group:NAME or group:NAME");
  }
  Principal principal;
  principal.text_ = text;
  principal.colon_ = colon;
  return principal;
}

std::optional<uint32_t> Principal::number() const {
  if (scheme() != "unix" || !name().starts_with('#')) return std::nullopt;
  const std::string_view digits = name().substr(1);
  const char* const end = digits.data() + digits.size();
  uint32_t number = 0;
  const auto [rest, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

bool Identity::IsRecordedAs(const Principal& name, const std::optional<uint32_t>& number) const {
  return principal == name && (!uid || !number || *uid == *number);
}

bool Identity::MayBeRecordedAs(const Principal& name, const std::optional<uint32_t>& number) const {
  if (principal == name) return true;
  const auto own = uid ? uid : principal.number();
  const auto other = number ? number : name.number();
  return own && other && *own == *other;
}

Identity Identity::AsPerson() const {
  return principal.number() ? Identity{principal, {}, uid} : *this;
}

bool Identity::Is(const Principal& named) const {
  return principal == named || std::find(groups.begin(), groups.end(), named) != groups.end();
}

bool Identity::IsAny(const std::vector<Principal>& named) const {
  return std::any_of(named.begin(), named.end(), [this](const Principal& one) { return Is(one); });
}

}  // namespace grant
