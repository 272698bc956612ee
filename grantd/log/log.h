// grantd's log: what spdlog's functions are given, and events with fields, in the form that
// grantd.toml names.
#pragma once

#include <string_view>

#include "grantd/log/record.h"

namespace grant::log {

enum class Format { kText, kJson, kJournal };

struct Settings {
  Format format = Format::kText;
  Level level = Level::kInfo;  // what is less is left out
};

// From here on everything goes to stderr, or to the journal's socket; where that cannot be reached,
// to stderr with the prefixes that systemd understands. Not while other threads log.
void Configure(const Settings& settings);

// `message` says for people what the fields say for programs. Any thread.
void Event(Level level, std::string_view event, std::string_view message, const Fields& fields);

}  // namespace grant::log
