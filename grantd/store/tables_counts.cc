// The three places that tell of a use have to agree: the grant's count, the use, the audit's entry.
#include <fmt/format.h>

#include "grantd/domain/audit.h"
#include "grantd/store/row_reader.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

struct WrongCount {
  std::string grant_id;
  int64_t counted = 0;
  int64_t audited = 0;
};

Result<WrongCount> ReadWrongCount(const sql::Row& row) {
  RowReader reader(row, "grant");
  WrongCount wrong;
  wrong.grant_id = reader.Text();
  wrong.counted = reader.Integer();
  wrong.audited = reader.Integer();
  return reader.Finish(std::move(wrong));
}

// A use that was given back has an entry of its own, which takes one from the count again.
constexpr char kWrongCounts[] =
    "SELECT id, used, audited FROM ("
    "SELECT g.id AS id, g.used AS used, COALESCE(s.entries, 0) - COALESCE(r.entries, 0) AS audited "
    "FROM signing_grant g "
    "LEFT JOIN (SELECT subject, COUNT(*) AS entries FROM audit_entry WHERE event_name = $1 "
    "GROUP BY subject) AS s ON s.subject = g.id "
    "LEFT JOIN (SELECT subject, COUNT(*) AS entries FROM audit_entry WHERE event_name = $2 "
    "GROUP BY subject) AS r ON r.subject = g.id"
    ") AS counts WHERE used <> audited ORDER BY id LIMIT 1";

constexpr char kUsesWithoutEntry[] =
    "SELECT u.id FROM signature_use u LEFT JOIN audit_entry a ON a.entry_number = u.id "
    "AND a.event_name = $1 AND a.subject = COALESCE(u.grant_id, u.signer) "
    "AND a.recorded_at = u.spent_at AND a.actor = u.caller "
    "WHERE a.entry_number IS NULL ORDER BY u.id LIMIT 1";

constexpr char kEntriesWithoutUse[] =
    "SELECT a.entry_number FROM audit_entry a LEFT JOIN signature_use u ON u.id = a.entry_number "
    "WHERE a.event_name = $1 AND u.id IS NULL ORDER BY a.entry_number LIMIT 1";

}  // namespace

Result<std::optional<std::string>> Tables::CountFault() {
  const std::string spent(event::kSignatureSpent);
  const std::string returned(event::kSignatureReturned);
  GRANT_TRY(const auto wrong,
            ReadFirst(sql_.Query(kWrongCounts, {spent, returned}), ReadWrongCount));
  if (wrong) {
    return fmt::format("grant {} counts {} uses, but the audit has {}", wrong->grant_id,
                       wrong->counted, wrong->audited);
  }
  GRANT_TRY(const auto use, ReadFirst(sql_.Query(kUsesWithoutEntry, {spent}), ReadNumber));
  if (use) return fmt::format("use {} is not the one that the audit has", *use);
  GRANT_TRY(const auto entry, ReadFirst(sql_.Query(kEntriesWithoutUse, {spent}), ReadNumber));
  if (entry) return fmt::format("the use of entry {} is missing", *entry);
  return std::nullopt;
}

}  // namespace grant
