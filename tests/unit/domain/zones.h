// Time zones of tests, by their rules: no test needs the system's zone files.
#pragma once

#include <memory>
#include <string>

#include "grantd/domain/time_zone.h"

namespace grant {

inline constexpr const char* kBerlinRule = "CET-1CEST,M3.5.0,M10.5.0/3";

inline std::shared_ptr<const TimeZone> ZoneByRule(const std::string& rule) {
  return std::make_shared<const TimeZone>(TimeZone::ParseRule(rule).value());
}

// Knows Europe/Berlin and UTC.
inline std::shared_ptr<const TimeZone> TestZone(const std::string& name) {
  if (name == "UTC") return std::make_shared<const TimeZone>(TimeZone::Utc());
  return name == "Europe/Berlin" ? ZoneByRule(kBerlinRule) : nullptr;
}

inline Time When(const std::string& text) {
  return ParseTime(text).value();
}

}  // namespace grant
