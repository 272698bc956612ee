#include "tests/torture/old_database.h"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

#include "grantd/store/schema.h"
#include "grantd/store/sqlite_connection.h"
#include "grantd/store/tables.h"

namespace grant::test {
namespace {

constexpr char kRequest[] = "req_01HZZZZZZZZZZZZZZZZZZZZZZZ";
constexpr char kGrant[] = "grt_01HZZZZZZZZZZZZZZZZZZZZZZZ";
// As the first version wrote it.
constexpr char kPolicy[] =
    R"({"bypass_machine_identities":false,"max_request_ttl_ms":86400000,"max_signings":10,)"
    R"("max_window_ms":28800000,"name":"torture","self_approval":true,"steps":[]})";

// With the columns of the first version, which all later ones have.
Status Fill(sql::Connection& database) {
  GRANT_CHECK(database.Execute(
      "INSERT INTO signing_request (id, signer, requester, status, created_at, expires_at, "
      "window_duration, signings, justification, digests, policy_snapshot, grant_id) "
      "VALUES ($1, 'counted', 'unix:#1', 'approved', 1, 2, 1, 1, 'old', '[]', $2, $3)",
      {kRequest, kPolicy, kGrant}));
  GRANT_CHECK(database.Execute(
      "INSERT INTO signing_grant (id, request_id, signer, holder, not_before, not_after, "
      "max_signings, used, digests) VALUES ($1, $2, 'counted', 'unix:#1', 1, 2, 1, 0, '[]')",
      {kGrant, kRequest}));
  GRANT_TRY(const Principal somebody, Principal::Parse("unix:#1"));
  Tables tables(database);
  for (const auto& [event, subject] :
       {std::pair(event::kRequestFiled, kRequest), std::pair(event::kRequestApproved, kRequest),
        std::pair(event::kGrantIssued, kGrant)}) {
    GRANT_CHECK(
        tables.AppendAudit({Time(), std::string(event), somebody, subject, "counted", "{}"}));
  }
  return {};
}

Status Make(const std::string& path, int64_t schema_version) {
  GRANT_TRY(auto database, SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite));
  GRANT_CHECK(database->Script("PRAGMA application_id = 0x67726e74"));
  GRANT_CHECK(MigrateSchema(*database, schema_version));
  return Fill(*database);
}

}  // namespace

void MakeOldDatabase(const std::string& state_dir, int64_t schema_version) {
  const std::string path = state_dir + "/grantd.db";
  close(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const Status made = Make(path, schema_version);
  if (!made) throw std::runtime_error("an old database: " + made.error().message);
}

}  // namespace grant::test
