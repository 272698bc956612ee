// grantd's own configuration: grantd.toml.
#pragma once

#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/config/limits.h"
#include "grantd/domain/principal.h"
#include "grantd/domain/repetition.h"
#include "grantd/hsm/token.h"
#include "grantd/log/log.h"
#include "grantd/notify/settings.h"

namespace grant {

struct Config {
  std::string state_dir;
  std::string mark_file;   // how far the audit has come, to be kept apart from state_dir's copies
  std::string backup_dir;  // where grantd writes backups
  uint32_t backups_kept = 7;  // of the newest
  std::vector<Principal> admins;
  std::vector<Principal> auditors;
  std::string api_address;                               // "unix:/run/grantd/api.sock"
  std::string gate_address;                              // "unix:/run/grantd/gate.sock"
  uint32_t max_open_requests = kOpenRequestsMaxDefault;  // of one requester
  std::string hsm_worker;  // the program that runs backing modules; empty: next to grantd
  bool seccomp = true;     // whether grantd gives up the system calls that it does not need
  std::vector<TokenSettings> tokens;
  NotifySettings notify;
  LimitSettings limits;
  log::Settings log;
  std::string file;   // that it was read from
  size_t digest = 0;  // of the text, to tell whether the file changed since
};

inline constexpr size_t kConfigBytesMax = size_t{256} * 1024;
inline constexpr size_t kTokensMax = 64;
inline constexpr uint32_t kBackupsKeptMax = 1000;

// Every unknown key is an error that names file, line and the nearest known key.
Result<Config> ParseConfig(const std::string& document, const std::string& source);
Result<Config> LoadConfig(const std::string& path);

}  // namespace grant
