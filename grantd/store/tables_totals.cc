// How much there is of everything.
#include "grantd/domain/audit.h"
#include "grantd/store/row_reader.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

// What StatusOf() says, in SQL.
constexpr char kGrantsByStatus[] =
    "SELECT standing, COUNT(*) FROM (SELECT CASE "
    "WHEN revoked_at IS NOT NULL AND released <> 0 THEN 'released' "
    "WHEN revoked_at IS NOT NULL THEN 'revoked' "
    "WHEN used >= max_signings THEN 'exhausted' "
    "WHEN not_after <= $1 THEN 'expired' "
    "WHEN not_before > $1 THEN 'pending' ELSE 'active' END AS standing FROM signing_grant) "
    "AS standings GROUP BY standing";

Result<int64_t> Number(const Result<std::vector<sql::Row>>& rows) {
  GRANT_CHECK(rows);
  if (rows->empty()) return 0;
  RowReader reader(rows->front(), "count");
  return reader.Finish(reader.Integer());
}

}  // namespace

Result<Totals> Tables::CountTotals(Time now) {
  Totals totals;
  GRANT_TRY(const auto rows, sql_.Query(kGrantsByStatus, {ToMillis(now)}));
  for (const sql::Row& row : rows) {
    RowReader reader(row, "count of grants");
    const std::string status = reader.Text();
    GRANT_TRY(totals.grants[status], reader.Finish(reader.Integer()));
  }
  GRANT_TRY(totals.open_requests,
            Number(sql_.Query("SELECT COUNT(*) FROM signing_request WHERE status = $1",
                              {Name(RequestStatus::kOpen)})));
  GRANT_TRY(
      totals.unprepared_notifications,
      Number(sql_.Query("SELECT COUNT(*) FROM notification WHERE prepared = $1", {int64_t{0}})));
  GRANT_TRY(totals.waiting, WaitingByChannel());
  GRANT_TRY(totals.waiting_since, LongestWaitingByChannel());
  GRANT_TRY(const AuditHead head, LastAudit());
  totals.audit_entries = head.number;
  AuditFilter backups;
  backups.event = std::string(event::kBackupMade);
  backups.limit = 1;
  GRANT_TRY(const auto last, ListAudit(backups));
  if (!last.empty()) totals.last_backup = last.front().event.at;
  return totals;
}

Status Tables::WriteProbe(Time now) {
  GRANT_CHECK(sql_.Execute("DELETE FROM meta WHERE item = 'last_probe'", {}));
  GRANT_CHECK(sql_.Execute("INSERT INTO meta (item, setting) VALUES ('last_probe', $1)",
                           {FormatTime(now)}));
  return {};
}

}  // namespace grant
