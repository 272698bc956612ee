#include "grantd/store/upgrade_copy.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "grantd/failpoint.h"
#include "grantd/store/schema.h"

namespace grant {
namespace {

constexpr char kPrefix[] = "grantd.db.v";
constexpr char kUnfinished[] = "grantd.db.copy";
constexpr std::string_view kTimeForm = "00000000T000000Z";

struct Copy {
  int64_t version = 0;
  std::string name;
};

// What the name says, of a name that KeepCopyBeforeUpgrade() gives.
std::optional<Copy> ParseName(const std::string& name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const char* const end = name.data() + name.size();
  Copy copy{0, name};
  const auto [rest, error] =
      std::from_chars(name.data() + std::string_view(kPrefix).size(), end, copy.version);
  if (error != std::errc() || rest == end || *rest != '-') return std::nullopt;
  const std::string_view time(rest + 1, static_cast<size_t>(end - rest - 1));
  const bool in_form =
      std::equal(time.begin(), time.end(), kTimeForm.begin(), kTimeForm.end(),
                 [](char c, char form) { return form == '0' ? c >= '0' && c <= '9' : c == form; });
  return in_form ? std::optional(copy) : std::nullopt;
}

// The latest version first, and of one version the latest copy.
std::vector<Copy> CopiesIn(const StateDir& directory) {
  std::vector<Copy> copies;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory.path(), error), end; !error && it != end;
       it.increment(error)) {
    if (auto copy = ParseName(it->path().filename().string())) copies.push_back(*std::move(copy));
  }
  std::sort(copies.begin(), copies.end(), [](const Copy& a, const Copy& b) {
    return a.version != b.version ? a.version > b.version : a.name > b.name;
  });
  return copies;
}

void RemoveSuperfluous(const StateDir& directory) {
  std::set<int64_t> kept;
  for (const Copy& copy : CopiesIn(directory)) {
    if (kept.size() < kUpgradeCopiesMax && kept.insert(copy.version).second) continue;
    unlinkat(directory.fd(), copy.name.c_str(), 0);
  }
}

Error NoCopy(const std::string& why) {
  return {Code::kUnavailable,
          fmt::format("cannot keep a copy of the database before its upgrade: {}", why),
          "make room in state_dir, then start grantd again; the database is as it was"};
}

Error NoCopy(int number) {
  return NoCopy(std::generic_category().message(number));
}

// The empty file is there before SQLite writes to it, so that it never has another mode.
Status WriteCopy(const StateDir& directory, sql::Connection& connection) {
  unlinkat(directory.fd(), kUnfinished, 0);
  const Descriptor file(openat(directory.fd(), kUnfinished,
                               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.open()) return tl::make_unexpected(NoCopy(errno));
  const auto written = connection.Execute("VACUUM INTO $1", {directory.path() + "/" + kUnfinished});
  if (!written) return tl::make_unexpected(NoCopy(written.error().message));
  if (fsync(file.get()) != 0) return tl::make_unexpected(NoCopy(errno));
  return {};
}

Status Keep(const StateDir& directory, sql::Connection& connection, int64_t version) {
  if (Status written = WriteCopy(directory, connection); !written) {
    unlinkat(directory.fd(), kUnfinished, 0);
    return written;
  }
  const std::string name =
      fmt::format("{}{}-{:%Y%m%dT%H%M%SZ}", kPrefix, version, fmt::gmtime(std::time(nullptr)));
  if (renameat(directory.fd(), kUnfinished, directory.fd(), name.c_str()) != 0 ||
      fsync(directory.fd()) != 0) {
    return tl::make_unexpected(NoCopy(errno));
  }
  failpoint::Reach(failpoint::Point::kUpgradeCopied);
  RemoveSuperfluous(directory);
  return {};
}

Error TooLate(const StateDir& directory, const StoredSchema& stored) {
  const std::string writer =
      stored.grantd_version.empty() ? "a later grantd" : "grantd " + stored.grantd_version;
  std::string hint = fmt::format("install {} again", writer);
  for (const Copy& copy : CopiesIn(directory)) {
    if (copy.version > SchemaVersion()) continue;
    hint += fmt::format(
        ", or go back to the copy, without what happened since: stop grantd and its sockets, then "
        "grantctl restore {}/{} --reason '...'",
        directory.path(), copy.name);
    break;
  }
  return {Code::kInvalid,
          fmt::format("the database has schema version {}, which {} wrote; this is grantd {}, "
                      "which knows versions up to {}",
                      stored.version, writer, GRANT_VERSION, SchemaVersion()),
          std::move(hint)};
}

}  // namespace

Status KeepCopyBeforeUpgrade(const StateDir& directory, sql::Connection& connection) {
  GRANT_TRY(const StoredSchema stored, ReadStoredSchema(connection));
  if (stored.version > SchemaVersion()) return tl::make_unexpected(TooLate(directory, stored));
  if (stored.version == SchemaVersion()) return {};
  return Keep(directory, connection, stored.version);
}

}  // namespace grant
