#include "tools/grantctl/terminal.h"

#include <fmt/format.h>

#include <array>

namespace grant::ctl {
namespace {

struct Character {
  size_t bytes = 1;
  char32_t code_point = 0;
  bool valid = false;
};

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// The first character of a text that is not empty (RFC 3629).
Character Decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {1, lead, true};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  char32_t code_point = lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if (!IsContinuation(text[i])) return {};
    code_point = (code_point << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  static constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kSmallest[bytes] || code_point > 0x10FFFF || surrogate) return {};
  return {bytes, code_point, true};
}

// What acts on a terminal in place of being seen.
bool Acts(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

std::string Escaped(std::string_view text, bool keep_line_breaks) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const Character character = Decode(text);
    if (!character.valid) {
      safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (text.front() == '\n') {
      safe += keep_line_breaks ? "\n" : "\\n";
    } else if (Acts(character.code_point)) {
      safe += fmt::format("\\u{:04x}", static_cast<uint32_t>(character.code_point));
    } else {
      safe += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return safe;
}

const char* Sequence(Colour colour) {
  switch (colour) {
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kNone:
      break;
  }
  return "";
}

}  // namespace

std::string Paint(std::string_view text, Colour colour, bool enabled) {
  if (!enabled || colour == Colour::kNone || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", Sequence(colour), text);
}

std::string Sanitise(std::string_view text) {
  return Escaped(text, false);
}

std::string SanitiseJson(std::string_view document) {
  return Escaped(document, true);
}

size_t Columns(std::string_view text) {
  size_t columns = 0;
  for (char byte : text) columns += IsContinuation(byte) ? 0 : 1;
  return columns;
}

std::string Truncate(std::string_view text, size_t columns_max) {
  if (Columns(text) <= columns_max) return std::string(text);
  size_t kept = 0;
  for (size_t column = 1; column < columns_max; ++column) {
    ++kept;
    while (kept < text.size() && IsContinuation(text[kept])) ++kept;
  }
  return std::string(text.substr(0, kept)) + "…";
}

bool Ask(std::istream& in, std::ostream& err, std::string_view question) {
  err << question << " [y/N] " << std::flush;
  std::string answer;
  if (!std::getline(in, answer)) {
    err << "\n";
    return false;
  }
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace grant::ctl
