// Text that people write, and others read on terminals, in mails and in logs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "grant/error.h"

namespace grant {

// Errors: kTooLarge; kInvalid where it is not UTF-8, or holds what would act on a screen in place
// of being seen: control characters but line feed and tab, and those that turn the direction of
// text or end a line. `what` names it: "the comment".
Status CheckText(std::string_view text, size_t bytes_max, const std::string& what);

// The text with `stand_in` for each such character, and for each byte that is none. Line feeds and
// tabs stay where `lines` says so.
std::string Harmless(std::string_view text, char stand_in, bool lines);

// The text with an escape in the place of each such character and byte: "\n", "\x1b". A backslash
// is doubled, so that no two texts become the same.
std::string Escaped(std::string_view text);

// Whether nothing but spaces, tabs and line ends is in it.
bool IsBlank(std::string_view text);

}  // namespace grant
