// How much each user, and all together, may have of grantd: [limits] of grantd.toml.
#pragma once

#include <chrono>
#include <cstdint>

#include "grant/error.h"
#include "grantd/domain/time.h"

namespace grant {

class TomlTable;

struct LimitSettings {
  uint32_t gate_connections = 1024;
  uint32_t gate_connections_per_user = 512;
  uint32_t api_connections = 256;
  uint32_t api_connections_per_user = 128;
  // Signatures, verifications and digests that were begun in parts and are not ended.
  uint32_t open_operations_per_user = 256;
  // What is kept of their data until the token gets it.
  uint32_t kept_mib_per_user = 64;
  // So many wrong PINs within the span lock a user's further ones out: for `lock` at first, then
  // for twice as long each time, up to `lock_longest`.
  uint32_t wrong_secrets = 10;
  Duration wrong_secrets_span = std::chrono::minutes(10);
  Duration wrong_secrets_lock = std::chrono::minutes(10);
  Duration wrong_secrets_lock_longest = std::chrono::hours(24);
};

Result<LimitSettings> ReadLimits(TomlTable table);

}  // namespace grant
