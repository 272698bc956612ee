// The audit chain: each entry carries the SHA-256 of its content and of the entry before.
#pragma once

#include <optional>
#include <string>

#include "grantd/domain/audit.h"
#include "grantd/store/tables.h"

namespace grant {

inline constexpr size_t kHashHexBytes = 64;
std::string ChainStart();  // 64 zeros

// The hash of an entry: over a canonical, unambiguous serialisation of all its fields and
// `previous_hash`.
std::string EntryHash(int64_t number, const AuditEvent& event, const std::string& previous_hash);

struct ChainReport {
  int64_t entries = 0;
  std::string last_hash;
  std::optional<std::string> fault;  // "entry 17 was changed" ; the first one found
};
// Reads the whole chain in pages.
Result<ChainReport> VerifyChain(Tables& tables);

}  // namespace grant
