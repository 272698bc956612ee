#include "grantd/log/record.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "grantd/domain/text.h"

namespace grant::log {
namespace {

using std::chrono::milliseconds;

std::string_view Cut(std::string_view text) {
  return text.substr(0, kTextBytesMax);
}

int Priority(Level level) {
  switch (level) {
    case Level::kDebug:
      return 7;
    case Level::kInfo:
      return 6;
    case Level::kWarning:
      return 4;
    case Level::kError:
      break;
  }
  return 3;
}

int Millis(const Record& record) {
  return static_cast<int>(std::chrono::floor<milliseconds>(record.at.time_since_epoch()).count() %
                          1000);
}

std::string TextOf(const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) return Escaped(Cut(*text));
  if (const auto* number = std::get_if<int64_t>(&field.value)) return std::to_string(*number);
  return fmt::format("{:.1f}", std::get<double>(field.value));
}

nlohmann::ordered_json JsonOf(const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) return std::string(Cut(*text));
  if (const auto* number = std::get_if<int64_t>(&field.value)) return *number;
  return std::get<double>(field.value);
}

std::string VariableOf(std::string_view name) {
  std::string variable = "GRANTD_";
  for (const char c : name) variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return variable;
}

}  // namespace

const char* Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      break;
  }
  return "error";
}

std::string TextLine(const Record& record) {
  const std::tm local = fmt::localtime(std::chrono::system_clock::to_time_t(record.at));
  const long minutes = local.tm_gmtoff / 60;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}{}{:02}:{:02} {} {}\n", local, Millis(record),
                     minutes < 0 ? '-' : '+', std::abs(minutes) / 60, std::abs(minutes) % 60,
                     Name(record.level), Escaped(Cut(record.message)));
}

std::string JsonLine(const Record& record) {
  const std::tm utc = fmt::gmtime(std::chrono::system_clock::to_time_t(record.at));
  nlohmann::ordered_json json = {
      {"time", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, Millis(record))},
      {"level", Name(record.level)},
      {"event", record.event},
      {"message", Cut(record.message)}};
  if (record.fields != nullptr) {
    for (const Field& field : *record.fields) json[std::string(field.name)] = JsonOf(field);
  }
  // All but ASCII is escaped: nothing in it acts on a terminal.
  return json.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string PrefixedLine(const Record& record) {
  return fmt::format("<{}>{}\n", Priority(record.level), Escaped(Cut(record.message)));
}

std::string JournalDatagram(const Record& record) {
  std::string datagram =
      fmt::format("MESSAGE={}\nPRIORITY={}\nSYSLOG_IDENTIFIER=grantd\nGRANTD_EVENT={}\n",
                  Escaped(Cut(record.message)), Priority(record.level), record.event);
  if (record.fields == nullptr) return datagram;
  for (const Field& field : *record.fields) {
    datagram += fmt::format("{}={}\n", VariableOf(field.name), TextOf(field));
  }
  return datagram;
}

}  // namespace grant::log
