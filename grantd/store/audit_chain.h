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
// `previous_hash`. Throws std::runtime_error where OpenSSL offers no SHA-256.
std::string EntryHash(int64_t number, const AuditEvent& event, const std::string& previous_hash);

struct ChainReport {
  int64_t entries = 0;
  std::string last_hash;
  std::optional<std::string> fault;  // "entry 17 was changed" ; the first one found
};
// Reads the whole chain in pages, up to the end that grantd recorded apart from it. A store that
// cannot serve is an error; what is damaged, missing or added is the report's fault.
Result<ChainReport> VerifyChain(Tables& tables);

// Whether the audit still holds the entry that `mark` names, which was its end once; else what is
// wrong: the database is an older copy, or another one. Looks at that entry alone.
Result<std::optional<std::string>> FaultAgainstMark(Tables& tables, const AuditHead& mark);

}  // namespace grant
