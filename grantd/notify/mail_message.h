// Notifications as mails.
#pragma once

#include <string>

#include "grantd/notify/occasion.h"

namespace grant {

// A whole message (RFC 5322) with CRLF line ends: headers and plain text with the commands to type.
// It depends on what it is given alone, and its Message-ID on notification and recipient, so that a
// repetition is known as one.
std::string MailMessage(const Occasion& occasion, const std::string& from, const Delivery& delivery,
                        Time now);

// The value of a header: control characters replaced, and encoded words (RFC 2047) where it is not
// ASCII.
std::string HeaderText(const std::string& text);

}  // namespace grant
