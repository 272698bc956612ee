// Times and spans as people read and write them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grant::ctl {

using Instant = std::chrono::sys_seconds;

// RFC 3339 with "Z" or an offset, years 1970 to 9999; fractions of a second are dropped.
std::optional<Instant> ParseInstant(std::string_view text);

// RFC 3339 in UTC.
std::string InstantText(Instant instant);

// "90s", "30m", "2h", "7d" and sums such as "1h30m"; from 1 s to 10 years.
std::optional<std::chrono::seconds> ParseSpan(std::string_view text);

// "45s", "9m", "2h15m", "3d4h": at most two units.
std::string Span(std::chrono::seconds span);

// An instant as grantd wrote it: "in 9m", "2h ago", "now". What is no time comes back as it is.
std::string Relative(std::string_view time, Instant now);
// Both, to the second: "2026-11-21T20:00:00Z (9m ago)".
std::string Exact(std::string_view time, Instant now);

std::string Join(const std::vector<std::string>& parts, std::string_view separator = ", ");

}  // namespace grant::ctl
