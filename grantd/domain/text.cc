#include "grantd/domain/text.h"

namespace grant {
namespace {

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// The bytes of the first character of a text that is not empty (RFC 3629); 0 where it is none.
size_t CharacterBytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  return bytes;
}

// Of one character: whether it acts on a screen in place of being seen.
bool Acts(std::string_view character) {
  if (character.size() == 1) {
    const auto c = static_cast<unsigned char>(character.front());
    return c < 0x20 || c == 0x7F;
  }
  const std::string_view two = character.substr(0, 2);
  if (two[0] == '\xC2' && two[1] <= '\x9F') return true;  // U+0080..U+009F
  if (character == "\xD8\x9C") return true;               // U+061C
  if (two == "\xE2\x80") {                                // U+200E, U+200F, U+2028..U+202E
    const char last = character[2];
    return last == '\x8E' || last == '\x8F' || (last >= '\xA8' && last <= '\xAE');
  }
  if (two == "\xE2\x81") return character[2] >= '\xA6' && character[2] <= '\xA9';  // U+2066..U+2069
  return false;
}

bool IsOfLines(std::string_view character) {
  return character == "\n" || character == "\t";
}

}  // namespace

Status CheckText(std::string_view text, size_t bytes_max, const std::string& what) {
  if (text.size() > bytes_max) {
    return Fail(Code::kTooLarge, what + " is longer than " + std::to_string(bytes_max) + " bytes",
                "shorten it, and link to the rest");
  }
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    if (bytes == 0) return Fail(Code::kInvalid, what + " is not UTF-8", "write it as plain text");
    const std::string_view character = text.substr(0, bytes);
    if (Acts(character) && !IsOfLines(character)) {
      return Fail(Code::kInvalid, what + " holds control characters", "write it as plain text");
    }
    text.remove_prefix(bytes);
  }
  return {};
}

std::string Escaped(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    const std::string_view character = text.substr(0, bytes == 0 ? 1 : bytes);
    if (character == "\\") {
      escaped += "\\\\";
    } else if (character == "\n") {
      escaped += "\\n";
    } else if (bytes == 0 || Acts(character)) {
      for (const char byte : character) {
        const auto value = static_cast<unsigned char>(byte);
        escaped += {'\\', 'x', kHex[value >> 4U], kHex[value & 0xFU]};
      }
    } else {
      escaped += character;
    }
    text.remove_prefix(character.size());
  }
  return escaped;
}

std::string Harmless(std::string_view text, char stand_in, bool lines) {
  std::string harmless;
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    const std::string_view character = text.substr(0, bytes == 0 ? 1 : bytes);
    if (bytes == 0 || (Acts(character) && !(lines && IsOfLines(character)))) {
      harmless += stand_in;
    } else {
      harmless += character;
    }
    text.remove_prefix(character.size());
  }
  return harmless;
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace grant
