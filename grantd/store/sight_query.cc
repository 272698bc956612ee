#include "grantd/store/sight_query.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include "grantd/store/rules_json.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

Result<std::string> ReadId(const sql::Row& row) {
  RowReader reader(row, "ID");
  return reader.Finish(reader.Text());
}

Result<FiledPolicy> ReadFiledPolicy(const sql::Row& row) {
  RowReader reader(row, "policy");
  FiledPolicy filed;
  filed.number = reader.Integer();
  filed.policy = reader.Parsed<Policy>(PolicyFromJson);
  return reader.Finish(std::move(filed));
}

}  // namespace

Result<std::vector<std::string>> IdsInSight(sql::Connection& connection, const ListQuery& query,
                                            const std::optional<Sight>& sight,
                                            const SightColumns& columns, size_t limit) {
  std::vector<std::string> ids;
  const auto add = [&](ListQuery part) -> Status {
    GRANT_TRY(auto more, ReadAll(part.Run(connection, "id DESC", limit), ReadId));
    std::move(more.begin(), more.end(), std::back_inserter(ids));
    return {};
  };
  if (!sight) {
    GRANT_CHECK(add(query));
    return ids;
  }
  ListQuery own = query;
  own.Where(std::string(columns.person) + " =", sight->person.text());
  if (sight->uid) own.WhereNullOr(columns.uid, int64_t{*sight->uid});
  GRANT_CHECK(add(std::move(own)));
  for (const int64_t number : sight->policies) {
    ListQuery filed = query;
    GRANT_CHECK(add(std::move(filed.Where("policy_number =", number))));
  }
  std::sort(ids.begin(), ids.end(), std::greater<>());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() > limit) ids.resize(limit);
  return ids;
}

Result<int64_t> PolicyNumber(sql::Connection& connection, const std::string& policy) {
  GRANT_TRY(
      const auto known,
      ReadFirst(connection.Query(
                    "SELECT policy_number FROM filed_policy WHERE policy_snapshot = $1", {policy}),
                ReadNumber));
  if (known) return *known;
  GRANT_TRY(
      const auto last,
      ReadFirst(connection.Query("SELECT COALESCE(MAX(policy_number), 0) FROM filed_policy", {}),
                ReadNumber));
  const int64_t number = last.value_or(0) + 1;
  GRANT_CHECK(connection.Execute(
      "INSERT INTO filed_policy (policy_number, policy_snapshot) VALUES ($1, $2)",
      {number, policy}));
  return number;
}

Result<std::vector<FiledPolicy>> Tables::FiledPolicies() {
  return ReadAll(
      sql_.Query("SELECT policy_number, policy_snapshot FROM filed_policy ORDER BY policy_number",
                 {}),
      ReadFiledPolicy);
}

}  // namespace grant
