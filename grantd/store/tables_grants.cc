// Grants and the counting of their uses.
#include <fmt/format.h>

#include <unordered_set>

#include "grantd/domain/id.h"
#include "grantd/store/row_reader.h"
#include "grantd/store/rules_json.h"
#include "grantd/store/sight_query.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

constexpr size_t kUsableMax = 1000;   // of which one is chosen
constexpr size_t kUnusableMax = 100;  // that explain why none was
constexpr size_t kRecentMax = 5;

const std::string kSelectGrant =
    "SELECT id, request_id, signer, holder, not_before, not_after, max_signings, used, digests, "
    "secret_hash, scopes, holder_uid, revoked_by, revoked_at, revoke_reason, released FROM "
    "signing_grant";

const std::string kSelectGrantIds = "SELECT id FROM signing_grant";
constexpr SightColumns kHolder{"holder", "holder_uid"};

std::optional<Revocation> ReadRevocation(RowReader& reader, const sql::Row& row, size_t column) {
  if (row.is_null(column)) return std::nullopt;
  Revocation revocation;
  revocation.by = reader.Who();
  revocation.at = reader.Instant();
  revocation.reason = reader.Text();
  revocation.released = reader.Integer() != 0;
  return revocation;
}

Result<Grant> ReadGrant(const sql::Row& row) {
  RowReader reader(row, "grant");
  Grant grant;
  grant.id = reader.Text();
  grant.request_id = reader.Text();
  grant.signer = reader.Text();
  grant.holder = reader.Who();
  grant.not_before = reader.Instant();
  grant.not_after = reader.Instant();
  grant.max_signings = reader.Count();
  grant.used = reader.Count();
  grant.digests = reader.Parsed<std::vector<Digest>>(DigestsFromJson);
  grant.secret_hash = reader.MaybeText();
  grant.scopes = reader.Parsed<std::vector<Scope>>(ScopesFromJson);
  grant.holder_uid = reader.MaybeCount();
  grant.revocation = ReadRevocation(reader, row, 12);
  return reader.Finish(std::move(grant));
}

// What StatusOf() says, in SQL.
void WhereStatus(ListQuery& query, GrantStatus status, Time now) {
  static const std::string kNotRevoked = "revoked_at IS NULL AND ";
  static const std::string kUnused = kNotRevoked + "used < max_signings AND ";
  const sql::Value at = ToMillis(now);
  switch (status) {
    case GrantStatus::kRevoked:
    case GrantStatus::kReleased:
      query.Where("revoked_at IS NOT NULL AND released =",
                  int64_t{status == GrantStatus::kReleased ? 1 : 0});
      return;
    case GrantStatus::kExhausted:
      query.Where(kNotRevoked + "max_signings - used <=", int64_t{0});
      return;
    case GrantStatus::kExpired:
      query.Where(kUnused + "not_after <=", at);
      return;
    case GrantStatus::kPending:
      query.Where(kUnused + "not_after >", at).Where("not_before >", at);
      return;
    case GrantStatus::kActive:
      query.Where(kUnused + "not_after >", at).Where("not_before <=", at);
      return;
  }
}

// Appends the grants that are not there yet.
Status Append(std::vector<Grant>& grants, std::unordered_set<std::string>& seen,
              const Result<std::vector<sql::Row>>& rows) {
  GRANT_TRY(std::vector<Grant> more, ReadAll(rows, ReadGrant));
  for (Grant& grant : more) {
    if (seen.insert(grant.id).second) grants.push_back(std::move(grant));
  }
  return {};
}

}  // namespace

Result<std::optional<Grant>> Tables::FindGrant(const std::string& id) {
  return ReadFirst(sql_.Query(kSelectGrant + " WHERE id = $1", {id}), ReadGrant);
}

Result<std::optional<Grant>> Tables::FindGrantBySecret(const std::string& secret_hash) {
  return ReadFirst(sql_.Query(kSelectGrant + " WHERE secret_hash = $1", {secret_hash}), ReadGrant);
}

Result<std::vector<std::string>> Tables::GrantIdsLike(const std::string& prefix, size_t limit,
                                                      const std::optional<Sight>& sight) {
  ListQuery query(kSelectGrantIds);
  query.WherePrefix("id", prefix);
  return IdsInSight(sql_, query, sight, kHolder, limit);
}

Result<std::vector<Grant>> Tables::ListGrants(const GrantFilter& filter) {
  ListQuery query(filter.sight ? kSelectGrantIds : kSelectGrant);
  query.WhereIf("signer =", filter.signer).WhereIf("holder =", filter.holder);
  if (!filter.before.empty()) query.Where("id <", filter.before);
  if (filter.since) query.Where("id >=", MakeId(kGrantPrefix, *filter.since, {}));
  if (filter.status) WhereStatus(query, *filter.status, filter.now);
  if (!filter.sight) return ReadAll(query.Run(sql_, "id DESC", filter.limit), ReadGrant);
  GRANT_TRY(const auto ids, IdsInSight(sql_, query, filter.sight, kHolder, filter.limit));
  std::vector<Grant> grants;
  for (const std::string& id : ids) {
    GRANT_TRY(auto held, FindGrant(id));
    if (held) grants.push_back(*std::move(held));
  }
  return grants;
}

// Usable grants are asked for apart from used up and revoked ones, so that however many of those a
// busy holder has, they never crowd out one that would let it sign.
Result<std::vector<Grant>> Tables::UsableGrants(const std::string& signer, const Principal& holder,
                                                Time now) {
  static const std::string& text =
      *new std::string(kSelectGrant +
                       " WHERE signer = $1 AND holder = $2 AND not_after > $3 AND used < "
                       "max_signings AND revoked_at IS NULL ORDER BY not_after LIMIT $4");
  return ReadAll(sql_.Query(text, {signer, holder.text(), ToMillis(now), Limit(kUsableMax)}),
                 ReadGrant);
}

Result<std::vector<Grant>> Tables::GrantsForAttempt(const std::string& signer,
                                                    const Principal& holder, Time now) {
  const sql::Value end = ToMillis(now);
  GRANT_TRY(std::vector<Grant> grants, UsableGrants(signer, holder, now));
  std::unordered_set<std::string> seen;
  for (const Grant& grant : grants) seen.insert(grant.id);
  GRANT_CHECK(
      Append(grants, seen,
             sql_.Query(kSelectGrant + " WHERE signer = $1 AND holder = $2 AND not_after > $3 "
                                       "AND (used >= max_signings OR revoked_at IS NOT NULL) "
                                       "ORDER BY not_after DESC LIMIT $4",
                        {signer, holder.text(), end, Limit(kUnusableMax)})));
  GRANT_CHECK(Append(
      grants, seen,
      sql_.Query(kSelectGrant + " WHERE signer = $1 AND holder = $2 ORDER BY id DESC LIMIT $3",
                 {signer, holder.text(), Limit(kRecentMax)})));
  GRANT_CHECK(
      Append(grants, seen,
             sql_.Query(kSelectGrant + " WHERE signer = $1 AND not_after > $2 AND holder <> $3 "
                                       "ORDER BY not_after DESC LIMIT $4",
                        {signer, end, holder.text(), Limit(kRecentMax)})));
  return grants;
}

Result<std::vector<Grant>> Tables::UnendedGrants(Time now, const std::string& after, size_t limit) {
  return ReadAll(sql_.Query(kSelectGrant + " WHERE revoked_at IS NULL AND used < max_signings AND "
                                           "not_after > $1 AND id > $2 ORDER BY id LIMIT $3",
                            {ToMillis(now), after, Limit(limit)}),
                 ReadGrant);
}

Result<std::vector<Grant>> Tables::LiveGrantsOfSigner(const std::string& signer, Time now,
                                                      size_t limit) {
  return ReadAll(
      sql_.Query(kSelectGrant + " WHERE signer = $1 AND not_after > $2 AND revoked_at IS NULL "
                                "ORDER BY not_after LIMIT $3",
                 {signer, ToMillis(now), Limit(limit)}),
      ReadGrant);
}

Status Tables::InsertGrant(const Grant& grant) {
  sql_.NoteRightsChanged();
  GRANT_TRY(std::string digests, DigestsToJson(grant.digests));
  GRANT_TRY(std::string scopes, ScopesToJson(grant.scopes));
  GRANT_CHECK(sql_.Execute(
      "INSERT INTO signing_grant (id, request_id, signer, holder, not_before, not_after, "
      "max_signings, used, digests, secret_hash, scopes, holder_uid, policy_number) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
      "(SELECT policy_number FROM signing_request WHERE id = $2))",
      {grant.id, grant.request_id, grant.signer, grant.holder.text(), ToMillis(grant.not_before),
       ToMillis(grant.not_after), int64_t{grant.max_signings}, int64_t{grant.used},
       std::move(digests), Maybe(grant.secret_hash), std::move(scopes),
       grant.holder_uid ? sql::Value(int64_t{*grant.holder_uid}) : sql::Null()}));
  return grant.revocation ? RecordRevocation(grant) : Status();
}

Status Tables::RecordRevocation(const Grant& grant) {
  if (!grant.revocation) {
    return Fail(Code::kInternal, fmt::format("grant {} is not revoked", grant.id));
  }
  sql_.NoteRightsChanged();
  const Revocation& revocation = *grant.revocation;
  return ExpectOne(
      sql_.Execute("UPDATE signing_grant SET revoked_by = $2, revoked_at = $3, revoke_reason = $4, "
                   "released = $5 WHERE id = $1 AND revoked_at IS NULL",
                   {grant.id, revocation.by.text(), ToMillis(revocation.at), revocation.reason,
                    int64_t{revocation.released ? 1 : 0}}),
      {Code::kConflict, fmt::format("grant {} is revoked already or does not exist", grant.id),
       ""});
}

Result<bool> Tables::SpendUse(const std::string& grant_id, Time now) {
  GRANT_TRY(const int64_t changed,
            sql_.Execute("UPDATE signing_grant SET used = used + 1 "
                         "WHERE id = $1 AND not_before <= $2 AND not_after > $2 "
                         "AND used < max_signings AND revoked_at IS NULL",
                         {grant_id, ToMillis(now)}));
  return changed == 1;
}

Status Tables::ReturnUse(const std::string& grant_id) {
  sql_.NoteRightsChanged();
  return ExpectOne(
      sql_.Execute("UPDATE signing_grant SET used = used - 1 WHERE id = $1 AND used > 0",
                   {grant_id}),
      {Code::kConflict, fmt::format("grant {} has no use to give back", grant_id), ""});
}

}  // namespace grant
