// E-mail addresses that may stand in a mail's header and be said to a mail server as they are.
#pragma once

#include <string_view>

#include "grant/error.h"

namespace grant {

inline constexpr size_t kEmailBytesMax = 254;  // RFC 5321, 4.5.3.1.3, without the brackets

// The dot-string form of RFC 5321 in ASCII, "bob@example.com": no quotes, comments, blanks or
// control characters, so that none can add a header or a command. kInvalid otherwise.
Status CheckEmailAddress(std::string_view address);

}  // namespace grant
