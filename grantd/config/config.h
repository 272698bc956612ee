// grantd's own configuration: grantd.toml.
#pragma once

#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/principal.h"
#include "grantd/domain/repetition.h"
#include "grantd/hsm/token.h"
#include "grantd/notify/settings.h"

namespace grant {

struct Config {
  std::string state_dir;
  std::string mark_file;  // how far the audit has come, to be kept apart from state_dir's copies
  std::vector<Principal> admins;
  std::vector<Principal> auditors;
  std::string api_address;                               // "unix:/run/grantd/api.sock"
  std::string gate_address;                              // "unix:/run/grantd/gate.sock"
  uint32_t max_open_requests = kOpenRequestsMaxDefault;  // of one requester
  std::string hsm_worker;  // the program that runs backing modules; empty: next to grantd
  std::vector<TokenSettings> tokens;
  NotifySettings notify;
};

inline constexpr size_t kConfigBytesMax = size_t{256} * 1024;
inline constexpr size_t kTokensMax = 64;

// Every unknown key is an error that names file, line and the nearest known key.
Result<Config> ParseConfig(const std::string& document, const std::string& source);
Result<Config> LoadConfig(const std::string& path);

}  // namespace grant
