// The audit's entries and the end of their chain.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "grantd/domain/id.h"
#include "grantd/store/audit_chain.h"
#include "grantd/store/row_reader.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

constexpr char kSelectEntry[] =
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

constexpr char kNotSpent[] = "event_name <> 'signature.spent'";

// By their uses: of a grant by the index, of a signer or an actor from the newest backwards.
Result<std::vector<AuditEntry>> SpentEntries(sql::Connection& connection,
                                             const AuditFilter& filter) {
  static const std::string& text = *new std::string(
      "SELECT a.entry_number, a.recorded_at, a.event_name, a.actor, a.subject, a.signer, a.detail, "
      "a.previous_hash, a.entry_hash FROM signature_use u CROSS JOIN audit_entry a "
      "ON a.entry_number = u.id");
  ListQuery query(text);
  if (filter.subject && filter.subject->starts_with(kGrantPrefix)) {
    query.Where("u.grant_id =", *filter.subject);
  } else if (filter.subject) {
    // Without a grant the subject is the signer.
    query.Where("u.grant_id IS NULL AND u.signer =", *filter.subject);
  }
  query.WhereIf("u.signer =", filter.signer).WhereIf("u.caller =", filter.actor);
  if (filter.before > 0) query.Where("u.id <", filter.before);
  return ReadAll(query.Run(connection, "u.id DESC", filter.limit), ReadEntry);
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
              "put a backup in its place: grantctl restore FILE --reason TEXT");
}

// Signatures are most of what the audit holds, and only their uses are indexed for them. So where a
// filter is given they are looked for apart from the rest.
Result<std::vector<AuditEntry>> Tables::ListAudit(const AuditFilter& filter) {
  std::vector<AuditEntry> entries;
  const bool any = !filter.event && !filter.subject && !filter.signer && !filter.actor;
  if (any || filter.event != event::kSignatureSpent) {
    ListQuery query(kSelectEntry);
    // Word for word as the indexes have it, else they would not be used.
    if (!any) query.Where(kNotSpent);
    query.WhereIf("event_name =", filter.event)
        .WhereIf("subject =", filter.subject)
        .WhereIf("signer =", filter.signer)
        .WhereIf("actor =", filter.actor);
    if (filter.before > 0) query.Where("entry_number <", filter.before);
    GRANT_TRY(entries, ReadAll(query.Run(sql_, "entry_number DESC", filter.limit), ReadEntry));
  }
  if (any || (filter.event && filter.event != event::kSignatureSpent)) return entries;
  GRANT_TRY(auto spent, SpentEntries(sql_, filter));
  std::move(spent.begin(), spent.end(), std::back_inserter(entries));
  std::sort(entries.begin(), entries.end(), [](const AuditEntry& one, const AuditEntry& other) {
    return one.number > other.number;
  });
  if (entries.size() > filter.limit) entries.resize(filter.limit);
  return entries;
}

Result<std::vector<AuditEntry>> Tables::AuditFrom(int64_t first, size_t limit) {
  return ReadAll(
      ListQuery(kSelectEntry).Where("entry_number >=", first).Run(sql_, "entry_number", limit),
      ReadEntry);
}

}  // namespace grant
