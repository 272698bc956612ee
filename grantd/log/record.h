// One event of the log, and its three forms. Whatever names and texts of other people are in it, it
// is one line, and nothing in it acts on a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace grant::log {

enum class Level { kDebug, kInfo, kWarning, kError };
const char* Name(Level level);  // "warning"

// Names are lower-case, of letters and "_", and a contract: docs/configuration.md lists them.
struct Field {
  std::string_view name;
  std::variant<std::string, int64_t, double> value;
};
using Fields = std::vector<Field>;

struct Record {
  std::chrono::system_clock::time_point at;
  Level level = Level::kInfo;
  std::string_view event;  // "api.request"; "message" for what has no name of its own
  std::string_view message;
  const Fields* fields = nullptr;
};

// A message is cut to that many bytes, and so is each field.
inline constexpr size_t kTextBytesMax = size_t{16} * 1024;

// Each with its newline.
std::string TextLine(const Record& record);  // "2026-11-21T20:00:00.123+00:00 info MESSAGE"
std::string JsonLine(const Record& record);  // {"time":...,"level":...,"event":...,"message":...}
// For a stderr that systemd reads: its prefix of priority, and the message.
std::string PrefixedLine(const Record& record);  // "<6>MESSAGE"
// The datagram of journald's native protocol. Its values have no line breaks, so that none of them
// needs the form for binary data.
std::string JournalDatagram(const Record& record);

}  // namespace grant::log
