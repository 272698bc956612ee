// Lists narrowed to what somebody may see, each part of which an index finds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grantd/store/row_reader.h"
#include "grantd/store/sight.h"

namespace grant {

// The columns that say whose a row is; policy_number stands beside them.
struct SightColumns {
  std::string_view person;
  std::string_view uid;
};

// `query` selects the ID alone, under its conditions. The newest IDs first, each once, at most
// `limit`.
Result<std::vector<std::string>> IdsInSight(sql::Connection& connection, const ListQuery& query,
                                            const std::optional<Sight>& sight,
                                            const SightColumns& columns, size_t limit);

// The number of a policy, given as JSON; a new one where nothing was filed under it yet.
Result<int64_t> PolicyNumber(sql::Connection& connection, const std::string& policy);

}  // namespace grant
