// grantd's own configuration: grantd.toml.
#pragma once

#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/principal.h"
#include "grantd/hsm/token.h"

namespace grant {

struct Config {
  std::string state_dir;
  std::vector<Principal> admins;
  std::string api_address;   // "unix:/run/grantd/api.sock"
  std::string gate_address;  // "unix:/run/grantd/gate.sock"
  std::vector<TokenSettings> tokens;
};

inline constexpr size_t kConfigBytesMax = size_t{256} * 1024;
inline constexpr size_t kTokensMax = 64;

// Every unknown key is an error that names file, line and the nearest known key.
Result<Config> ParseConfig(const std::string& document, const std::string& source);
Result<Config> LoadConfig(const std::string& path);

}  // namespace grant
