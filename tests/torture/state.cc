#include "tests/torture/state.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "grantd/store/audit_chain.h"
#include "grantd/store/sqlite_connection.h"

namespace grant::test {
namespace {

template <typename T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error("the database: " + result.error().message);
  return *std::move(result);
}

// `make` is given each row.
template <typename T, typename Make>
std::vector<T> ReadRows(sql::Connection& database, const char* query, Make make) {
  std::vector<T> all;
  for (const sql::Row& row : Must(database.Query(query, {}))) all.push_back(make(row));
  return all;
}

int64_t ReadNumber(sql::Connection& database, const char* query) {
  const auto rows = Must(database.Query(query, {}));
  return rows.empty() ? 0 : rows.front().maybe_integer(0).value_or(0);
}

int64_t UseIn(const std::string& detail) {
  const auto json = nlohmann::json::parse(detail);
  return json.value("use", int64_t{0});
}

}  // namespace

State ReadState(const std::string& state_dir) {
  const auto database =
      Must(SqliteConnection::Open(state_dir + "/grantd.db", SqliteConnection::Mode::kReadOnly));
  Must(database->Execute("BEGIN", {}));
  State state;
  state.schema_version = ReadNumber(
      *database, "SELECT CAST(setting AS INTEGER) FROM meta WHERE item = 'schema_version'");
  state.rules_version = ReadNumber(*database, "SELECT MAX(rules_number) FROM rules_version");
  state.uses = ReadRows<StoredUse>(
      *database, "SELECT id, grant_id, digest, outcome FROM signature_use", [](const auto& row) {
        return StoredUse{row.integer(0), row.maybe_text(1).value_or(""), row.text(2), row.text(3)};
      });
  state.grants = ReadRows<StoredGrant>(
      *database, "SELECT id, request_id, max_signings, used, revoked_at FROM signing_grant",
      [](const auto& row) {
        return StoredGrant{row.text(0), row.text(1), row.integer(2), row.integer(3),
                           !row.is_null(4)};
      });
  state.requests = ReadRows<StoredRequest>(
      *database, "SELECT id, status, grant_id FROM signing_request", [](const auto& row) {
        return StoredRequest{row.text(0), row.text(1), row.maybe_text(2).value_or("")};
      });
  state.decisions = ReadRows<StoredDecision>(
      *database, "SELECT request_id, approver FROM request_decision", [](const auto& row) {
        return StoredDecision{row.text(0), row.text(1)};
      });
  state.audit = ReadRows<StoredEntry>(
      *database,
      "SELECT entry_number, event_name, subject, detail FROM audit_entry ORDER BY entry_number",
      [](const auto& row) {
        return StoredEntry{row.integer(0), row.text(1), row.text(2), UseIn(row.text(3))};
      });
  Tables tables(*database);
  state.chain_fault = Must(VerifyChain(tables)).fault;
  return state;
}

}  // namespace grant::test
