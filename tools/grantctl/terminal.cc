#include "tools/grantctl/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>

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

struct Range {
  char32_t first;
  char32_t last;
};

// What acts on a terminal in place of being seen, or is not seen at all: controls, what ends a line
// or turns its direction, and Unicode's Default_Ignorable_Code_Point.
constexpr Range kUnseen[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},       {0xAD, 0xAD},       {0x034F, 0x034F},  {0x061C, 0x061C},
    {0x115F, 0x1160}, {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},  {0x2028, 0x202E},
    {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},  {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};

bool IsUnseen(char32_t c) {
  if (c >= 0x20 && c < 0x7F) return false;
  return std::any_of(std::begin(kUnseen), std::end(kUnseen),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

// As JSON escapes it: what is beyond 16 bits, in two halves.
std::string Escape(char32_t c) {
  if (c <= 0xFFFF) return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
  const uint32_t rest = static_cast<uint32_t>(c) - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
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
    } else if (IsUnseen(character.code_point)) {
      safe += Escape(character.code_point);
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

bool SetEcho(bool on) {
  termios settings{};
  if (tcgetattr(STDIN_FILENO, &settings) != 0) return false;
  settings.c_lflag = on ? settings.c_lflag | ECHO : settings.c_lflag & ~static_cast<tcflag_t>(ECHO);
  return tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) == 0;
}

size_t TerminalRows() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

}  // namespace grant::ctl
