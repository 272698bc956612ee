// The last time that something happened, as the audit tells.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "grantd/store/tables.h"

namespace grant {

// The newest entry of this event, of this signer alone where one is given; nothing where there is
// none. Errors: those of Tables::ListAudit().
Result<std::optional<AuditEntry>> NewestEntry(Tables& tables, std::string_view event,
                                              std::optional<std::string> signer = {});

}  // namespace grant
