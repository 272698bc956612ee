#include "grantd/config/zone_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "grantd/descriptor.h"

namespace grant {
namespace {

// Empty where it is no regular file of a bearable size.
Bytes ReadZoneFile(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size > static_cast<off_t>(kZoneFileBytesMax)) {
    return {};
  }
  Bytes bytes(static_cast<size_t>(status.st_size));
  for (size_t filled = 0; filled < bytes.size();) {
    const ssize_t got = read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return {};
    filled += static_cast<size_t>(got);
  }
  return bytes;
}

}  // namespace

ZoneFiles::ZoneFiles(std::string directory) : directory_(std::move(directory)) {
  zones_["UTC"] = std::make_shared<const TimeZone>(TimeZone::Utc());
}

std::shared_ptr<const TimeZone> ZoneFiles::Find(const std::string& name) {
  if (!IsZoneName(name)) return nullptr;
  const std::scoped_lock lock(mutex_);
  if (const auto found = zones_.find(name); found != zones_.end()) return found->second;
  auto zone = TimeZone::Parse(ReadZoneFile(directory_ + "/" + name));
  if (!zone) return nullptr;
  return zones_[name] = std::make_shared<const TimeZone>(*std::move(zone));
}

}  // namespace grant
