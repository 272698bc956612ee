// The versions of the rules.
#include "grantd/store/row_reader.h"
#include "grantd/store/rules_json.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

Result<RulesVersion> ReadVersion(const sql::Row& row) {
  RowReader reader(row, "rules version");
  RulesVersion version;
  version.version = reader.Integer();
  version.rules = reader.Parsed<Rules>(RulesFromJson);
  version.applied_by = reader.Who();
  version.applied_at = reader.Instant();
  return reader.Finish(std::move(version));
}

}  // namespace

Result<RulesVersion> Tables::CurrentRules() {
  GRANT_TRY(auto version, ReadFirst(sql_.Query("SELECT rules_number, rules, applied_by, applied_at "
                                               "FROM rules_version "
                                               "ORDER BY rules_number DESC LIMIT 1",
                                               {}),
                                    ReadVersion));
  return std::move(version).value_or(RulesVersion());
}

Result<std::optional<RulesVersion>> Tables::FindRules(int64_t version) {
  return ReadFirst(sql_.Query("SELECT rules_number, rules, applied_by, applied_at "
                              "FROM rules_version WHERE rules_number = $1",
                              {version}),
                   ReadVersion);
}

Result<int64_t> Tables::CurrentRulesVersion() {
  GRANT_TRY(auto number, ReadFirst(sql_.Query("SELECT rules_number FROM rules_version "
                                              "ORDER BY rules_number DESC LIMIT 1",
                                              {}),
                                   ReadNumber));
  return number.value_or(0);
}

Result<int64_t> Tables::AppendRules(const Rules& rules, const Principal& by, Time at) {
  sql_.NoteRightsChanged();
  GRANT_TRY(const int64_t current, CurrentRulesVersion());
  GRANT_TRY(std::string json, RulesToJson(rules));
  GRANT_CHECK(
      sql_.Execute("INSERT INTO rules_version (rules_number, rules, applied_by, applied_at) "
                   "VALUES ($1, $2, $3, $4)",
                   {current + 1, std::move(json), by.text(), ToMillis(at)}));
  return current + 1;
}

}  // namespace grant
