// The system's time zones.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "grantd/domain/time_zone.h"

namespace grant {

// Reads each zone file once: what a zone means changes with the next start of grantd. Any thread.
class ZoneFiles {
 public:
  explicit ZoneFiles(std::string directory = "/usr/share/zoneinfo");

  // Null where there is no file of that name, or none that can be read. "UTC" needs no file.
  std::shared_ptr<const TimeZone> Find(const std::string& name);

 private:
  const std::string directory_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const TimeZone>> zones_;
};

}  // namespace grant
