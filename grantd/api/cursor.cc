#include "grantd/api/cursor.h"

#include "grant/bytes.h"
#include "grantd/api/fingerprint.h"

namespace grant::api {
namespace {

// Against mistakes, not against forgery: a cursor shows nothing that its list does not.
constexpr size_t kCheckBytes = 6;

std::string CheckOf(const HttpRequest& request, const std::string& position) {
  // No target holds a control character, so the parts cannot run into one another.
  std::string list = request.path;
  for (const auto& [key, value] : request.query) {
    if (key != "cursor" && key != "limit") list.append("\n").append(key).append("=").append(value);
  }
  return Fingerprint(list + "\n\n" + position, kCheckBytes);
}

std::optional<std::string> FromHex(std::string_view hex) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string text;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const size_t high = kDigits.find(hex[i]);
    const size_t low = kDigits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    text += static_cast<char>(high << 4 | low);
  }
  return text;
}

}  // namespace

std::string CursorAt(const HttpRequest& request, const std::string& position) {
  return CheckOf(request, position) + Hex(AsBytes(position));
}

std::optional<std::string> PositionOf(const HttpRequest& request, const std::string& cursor) {
  if (cursor.size() <= 2 * kCheckBytes) return std::nullopt;
  auto position = FromHex(std::string_view(cursor).substr(2 * kCheckBytes));
  if (!position || cursor != CursorAt(request, *position)) return std::nullopt;
  return position;
}

}  // namespace grant::api
