// Options that several commands have. Included by the command files alone: CLI11 is slow to
// compile.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/grantctl/humanize.h"
#include "tools/grantctl/list.h"

namespace grant::ctl {

// Checks for CLI11: what is wrong with a value, or nothing.
inline std::function<std::string(const std::string&)> OneOf(std::vector<std::string> allowed) {
  return [allowed = std::move(allowed)](const std::string& value) -> std::string {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return {};
    return "'" + value + "' is none of: " + Join(allowed);
  };
}

inline std::function<std::string(const std::string&)> CountUpTo(int64_t max) {
  return [max](const std::string& value) -> std::string {
    int64_t count = 0;
    const char* end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, count);
    if (error == std::errc() && rest == end && count >= 1 && count <= max) return {};
    return "'" + value + "' is not a number from 1 to " + std::to_string(max);
  };
}

inline std::string CheckSpan(const std::string& text) {
  if (ParseSpan(text)) return {};
  return "'" + text + "' is not a duration: write it as in 90s, 30m, 2h, 7d or 1h30m";
}

// A command with commands of its own, one of which must be given.
inline CLI::App* AddSubject(CLI::App& app, const std::string& name, const std::string& about) {
  CLI::App* subject = app.add_subcommand(name, about);
  subject->require_subcommand(1);
  return subject;
}

inline void AddPaging(CLI::App* command, Paging& paging) {
  command->add_option("--limit", paging.limit, "how many to show, newest first")
      ->check(CountUpTo(kListItemsMax))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--all", paging.all, "show all of them");
  command->add_flag("--watch", paging.watch, "show it again as it changes, until Ctrl-C");
}

// A parameter of a list's query, sent where it was given.
inline CLI::Option* AddFilter(CLI::App* command, Query& query, const std::string& name,
                              const std::string& about) {
  return command->add_option_function<std::string>(
      "--" + name, [&query, name](const std::string& value) { query[name] = value; }, about);
}

// --since, an instant or how long ago; ShowList() makes an instant of the latter.
inline void AddSince(CLI::App* command, Query& query, const std::string& about) {
  command
      ->add_option_function<std::string>(
          "--since", [&query](const std::string& value) { query[kSince] = value; },
          about + ": 7d, or a time in RFC 3339")
      ->check([](const std::string& value) -> std::string {
        if (ParseSpan(value) || ParseInstant(value)) return {};
        return "'" + value +
               "' is neither a duration such as 7d nor a time in RFC 3339 such as "
               "2026-11-21T22:00:00Z";
      })
      ->type_name("T");
}

}  // namespace grant::ctl
