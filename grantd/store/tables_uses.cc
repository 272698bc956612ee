// Counted signatures.
#include <fmt/format.h>

#include "grantd/store/row_reader.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

constexpr char kSelectUse[] =
    "SELECT id, grant_id, signer, caller, spent_at, mechanism, digest, program, outcome "
    "FROM signature_use";

constexpr UseOutcome kOutcomes[] = {UseOutcome::kPending,   UseOutcome::kSigned,
                                    UseOutcome::kReturned,  UseOutcome::kWithheld,
                                    UseOutcome::kUnsettled, UseOutcome::kDelegated};

std::optional<UseOutcome> UseOutcomeByName(std::string_view name) {
  for (UseOutcome outcome : kOutcomes) {
    if (name == Name(outcome)) return outcome;
  }
  return std::nullopt;
}

Result<Use> ReadUse(const sql::Row& row) {
  RowReader reader(row, "use");
  Use use;
  use.id = reader.Integer();
  use.grant_id = reader.MaybeText().value_or("");
  use.signer = reader.Text();
  use.caller = reader.Who();
  use.at = reader.Instant();
  use.mechanism = reader.Text();
  use.digest = reader.Text();
  use.program = reader.Text();
  use.outcome = reader.Parsed<UseOutcome>(UseOutcomeByName);
  return reader.Finish(std::move(use));
}

}  // namespace

const char* Name(UseOutcome outcome) {
  switch (outcome) {
    case UseOutcome::kPending:
      return "pending";
    case UseOutcome::kSigned:
      return "signed";
    case UseOutcome::kReturned:
      return "returned";
    case UseOutcome::kWithheld:
      return "withheld";
    case UseOutcome::kUnsettled:
      return "unsettled";
    case UseOutcome::kDelegated:
      return "delegated";
  }
  return "unknown";
}

Status Tables::InsertUse(const Use& use) {
  const sql::Value grant_id = use.grant_id.empty() ? sql::Null() : sql::Value(use.grant_id);
  GRANT_CHECK(sql_.Execute(
      "INSERT INTO signature_use (id, grant_id, signer, caller, spent_at, mechanism, digest, "
      "program, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      {use.id, grant_id, use.signer, use.caller.text(), ToMillis(use.at), use.mechanism, use.digest,
       use.program, Name(use.outcome)}));
  return {};
}

Status Tables::SettleUse(int64_t id, UseOutcome outcome) {
  return ExpectOne(
      sql_.Execute("UPDATE signature_use SET outcome = $2 WHERE id = $1 AND outcome = $3",
                   {id, Name(outcome), Name(UseOutcome::kPending)}),
      {Code::kConflict, fmt::format("use {} is settled already or does not exist", id), ""});
}

Status Tables::WithholdUse(int64_t id) {
  return ExpectOne(
      sql_.Execute("UPDATE signature_use SET outcome = $2 WHERE id = $1 AND outcome IN ($3, $4)",
                   {id, Name(UseOutcome::kWithheld), Name(UseOutcome::kPending),
                    Name(UseOutcome::kDelegated)}),
      {Code::kConflict, fmt::format("use {} is settled already or does not exist", id), ""});
}

Result<std::vector<Use>> Tables::UsesOf(const std::string& grant_id, size_t limit) {
  return ReadAll(ListQuery(kSelectUse).Where("grant_id =", grant_id).Run(sql_, "id DESC", limit),
                 ReadUse);
}

Result<std::vector<Use>> Tables::PendingUses(size_t limit) {
  // Word for word as the index has it.
  return ReadAll(ListQuery(kSelectUse).Where("outcome = 'pending'").Run(sql_, "id", limit),
                 ReadUse);
}

}  // namespace grant
