// Text for a terminal: colour, text of other people made harmless, a question.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <string_view>

namespace grant::ctl {

enum class Colour { kNone, kBold, kDim, kRed, kGreen, kYellow };

// `text` in a colour, or as it is where `enabled` is false.
std::string Paint(std::string_view text, Colour colour, bool enabled);

// Control characters, bidirectional overrides, invisible characters and bytes that are not UTF-8
// shown as escapes ("\u001b", "\xff"), so that a justification cannot move the cursor, rewrite what
// stands on the screen, or look like another one.
// Sanitising twice changes nothing.
std::string Sanitise(std::string_view text);
// The same for a JSON document: its line breaks stay, and it stays the same JSON.
std::string SanitiseJson(std::string_view document);

// How many columns sanitised text takes: its characters.
size_t Columns(std::string_view text);
// Cut to `columns_max`, the last of which is then an ellipsis.
std::string Truncate(std::string_view text, size_t columns_max);

// Asks on `err` and reads one line from `in`; true for "y" and "yes" alone.
bool Ask(std::istream& in, std::ostream& err, std::string_view question);

// Whether standard input's terminal shows what is typed. False where it is none.
bool SetEcho(bool on);

// How many rows standard output's terminal has; 0 where it is none, or does not say.
size_t TerminalRows();

}  // namespace grant::ctl
