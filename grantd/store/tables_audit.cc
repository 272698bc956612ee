// The audit's entries and the end of their chain.
#include <fmt/format.h>

#include "grantd/store/audit_chain.h"
#include "grantd/store/row_reader.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

constexpr char kSelect[] =
    "SELECT entry_number, recorded_at, event_name, actor, subject, signer, detail, previous_hash, "
    "entry_hash FROM audit_entry";

Result<AuditEntry> ReadEntry(const sql::Row& row) {
  RowReader reader(row, "audit entry");
  AuditEntry entry;
  entry.number = reader.Integer();
  entry.event.at = reader.Instant();
  entry.event.event = reader.Text();
  entry.event.actor = reader.Who();
  entry.event.subject = reader.Text();
  entry.event.signer = reader.Text();
  entry.event.detail = reader.Text();
  entry.previous_hash = reader.Text();
  entry.hash = reader.Text();
  return reader.Finish(std::move(entry));
}

Result<AuditHead> ReadHead(const sql::Row& row) {
  RowReader reader(row, "end of the audit chain");
  AuditHead head;
  head.number = reader.Integer();
  head.hash = reader.Text();
  return reader.Finish(std::move(head));
}

}  // namespace

// The new entry follows the stored head, not the last row: were the last row removed, its number
// must stay missing instead of being given again.
Result<int64_t> Tables::AppendAudit(const AuditEvent& event) {
  GRANT_TRY(const AuditHead head, LastAudit());
  const int64_t number = head.number + 1;
  const std::string hash = EntryHash(number, event, head.hash);
  GRANT_CHECK(sql_.Execute(
      "INSERT INTO audit_entry (entry_number, recorded_at, event_name, actor, subject, signer, "
      "detail, previous_hash, entry_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      {number, ToMillis(event.at), event.event, event.actor.text(), event.subject, event.signer,
       event.detail, head.hash, hash}));
  GRANT_CHECK(ExpectOne(sql_.Execute("UPDATE audit_head SET entry_number = $1, entry_hash = $2 "
                                     "WHERE entry_number = $3",
                                     {number, hash, head.number}),
                        {Code::kInternal, "the end of the audit chain is not stored once", ""}));
  return number;
}

Result<AuditHead> Tables::LastAudit() {
  GRANT_TRY(auto head,
            ReadFirst(sql_.Query("SELECT entry_number, entry_hash FROM audit_head", {}), ReadHead));
  if (head) return *std::move(head);
  return Fail(Code::kInternal, "the end of the audit chain is missing",
              "restore grantd.db from a backup");
}

Result<std::vector<AuditEntry>> Tables::ListAudit(const AuditFilter& filter) {
  ListQuery query(kSelect);
  query.WhereIf("event_name =", filter.event)
      .WhereIf("subject =", filter.subject)
      .WhereIf("signer =", filter.signer)
      .WhereIf("actor =", filter.actor);
  if (filter.before > 0) query.Where("entry_number <", filter.before);
  return ReadAll(query.Run(sql_, "entry_number DESC", filter.limit), ReadEntry);
}

Result<std::vector<AuditEntry>> Tables::AuditFrom(int64_t first, size_t limit) {
  return ReadAll(
      ListQuery(kSelect).Where("entry_number >=", first).Run(sql_, "entry_number", limit),
      ReadEntry);
}

}  // namespace grant
