#include "grantd/config/limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "grantd/config/toml_reader.h"

namespace grant {
namespace {

constexpr Duration kSpanMost = std::chrono::hours(24 * 7);

void ReadCount(TomlTable& table, std::string_view key, uint32_t most, uint32_t& value) {
  value = table.Count(key, 1, most).value_or(value);
}

void ReadLimitedSpan(TomlTable& table, std::string_view key, Duration& value) {
  value = table.Span(key).value_or(value);
  if (value > kSpanMost) table.Reject(key, "is more than " + FormatDuration(kSpanMost));
}

// A user's share, which is never more than the whole.
void ReadShare(TomlTable& table, std::string_view key, uint32_t most, uint32_t whole,
               uint32_t& value) {
  value = table.Count(key, 1, most).value_or(std::min(value, whole));
  if (value <= whole) return;
  table.Reject(key, fmt::format("is {}, more than all users together may have: {}", value, whole));
}

}  // namespace

Result<LimitSettings> ReadLimits(TomlTable table) {
  LimitSettings limits;
  ReadCount(table, "gate_connections", 16384, limits.gate_connections);
  ReadShare(table, "gate_connections_per_user", 16384, limits.gate_connections,
            limits.gate_connections_per_user);
  ReadCount(table, "api_connections", 4096, limits.api_connections);
  ReadShare(table, "api_connections_per_user", 4096, limits.api_connections,
            limits.api_connections_per_user);
  ReadCount(table, "open_operations_per_user", 16384, limits.open_operations_per_user);
  ReadCount(table, "kept_mib_per_user", 256, limits.kept_mib_per_user);
  ReadCount(table, "wrong_secrets", 1000, limits.wrong_secrets);
  ReadLimitedSpan(table, "wrong_secrets_span", limits.wrong_secrets_span);
  ReadLimitedSpan(table, "wrong_secrets_lock", limits.wrong_secrets_lock);
  ReadLimitedSpan(table, "wrong_secrets_lock_longest", limits.wrong_secrets_lock_longest);
  GRANT_CHECK(table.Finish());
  return limits;
}

}  // namespace grant
