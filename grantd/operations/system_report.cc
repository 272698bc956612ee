#include "grantd/operations/system_report.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "grantd/hsm/pin_file.h"
#include "grantd/store/database_file.h"

namespace grant {
namespace {

TokenReport ReportToken(Token& token) {
  const TokenSettings& settings = token.settings();
  TokenReport report{settings.name,    token.Describe().present, token.WorkersUp(),
                     settings.workers, settings.pin_file,        std::nullopt};
  if (settings.pin_file.empty()) return report;
  const auto kind = settings.pin_source == PinSource::kCredential ? SecretFile::kCredential
                                                                  : SecretFile::kPrivate;
  const auto pin = ReadPinFile(settings.pin_file, "PIN", kind);
  if (!pin) report.pin_fault = pin.error();
  return report;
}

DiskReport ReportDisk(const std::string& path) {
  DiskReport report;
  report.path = path;
  struct statvfs disk = {};
  if (statvfs(path.c_str(), &disk) != 0) {
    report.fault = std::generic_category().message(errno);
    return report;
  }
  report.bytes = uint64_t{disk.f_blocks} * disk.f_frsize;
  report.bytes_free = uint64_t{disk.f_bavail} * disk.f_frsize;
  report.inodes = disk.f_files;
  report.inodes_free = disk.f_favail;
  return report;
}

uint64_t SizeOf(const std::string& path) {
  struct stat file = {};
  return stat(path.c_str(), &file) == 0 ? static_cast<uint64_t>(file.st_size) : 0;
}

bool Exists(const std::string& path) {
  struct stat file = {};
  return stat(path.c_str(), &file) == 0;
}

void ReportConfig(const Config& config, SystemReport& report) {
  report.config_file = config.file;
  const auto now = LoadConfig(config.file);
  if (!now) {
    report.config_fault = now.error();
  } else {
    report.config_changed = now->digest != config.digest;
  }
}

}  // namespace

DatabaseSize SizeOfDatabase(const std::string& state_dir) {
  const std::string path = state_dir + "/" + kDatabaseName;
  return {SizeOf(path), SizeOf(path + "-wal")};
}

SystemReport ReportSystem(const Config& config, KeyDirectory& keys, TotalsCache& totals) {
  SystemReport report;
  ReportConfig(config, report);
  for (const auto& token : keys.tokens()) report.tokens.push_back(ReportToken(*token));
  report.disks.push_back(ReportDisk(config.state_dir));
  if (Exists(config.backup_dir)) report.disks.push_back(ReportDisk(config.backup_dir));
  const std::string of_mark = std::filesystem::path(config.mark_file).parent_path().string();
  if (of_mark != config.state_dir) report.disks.push_back(ReportDisk(of_mark));
  report.mark_file = config.mark_file;
  report.mark_readable = SizeOf(config.mark_file) > 0;
  const DatabaseSize size = SizeOfDatabase(config.state_dir);
  report.database_bytes = size.database;
  report.log_bytes = size.log;
  report.backup_dir = config.backup_dir;
  if (const auto counted = totals.Read()) report.last_backup = counted->last_backup;
  return report;
}

}  // namespace grant
