#include "grantd/store/newest_entry.h"

#include <utility>

namespace grant {

Result<std::optional<AuditEntry>> NewestEntry(Tables& tables, std::string_view event,
                                              std::optional<std::string> signer) {
  AuditFilter filter;
  filter.event = std::string(event);
  filter.signer = std::move(signer);
  filter.limit = 1;
  GRANT_TRY(auto entries, tables.ListAudit(filter));
  if (entries.empty()) return std::optional<AuditEntry>();
  return std::optional<AuditEntry>(std::move(entries.front()));
}

}  // namespace grant
