// Requests with their decisions and comments.
#include <fmt/format.h>

#include "grantd/domain/id.h"
#include "grantd/store/row_reader.h"
#include "grantd/store/rules_json.h"
#include "grantd/store/sight_query.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

constexpr char kSelectRequest[] =
    "SELECT id, signer, requester, status, created_at, expires_at, window_duration, window_from, "
    "window_until, signings, justification, digests, policy_snapshot, closed_reason, grant_id, "
    "secret_hash, idempotency_key, files, scopes, requester_uid FROM signing_request";

constexpr char kSelectRequestIds[] = "SELECT id FROM signing_request";
constexpr SightColumns kRequester{"requester", "requester_uid"};

const char* VerdictName(Verdict verdict) {
  return verdict == Verdict::kApprove ? "approve" : "reject";
}

sql::Value MaybeDuration(const std::optional<Duration>& duration) {
  return duration ? sql::Value(int64_t{duration->count()}) : sql::Null();
}

sql::Value MaybeCount(const std::optional<uint32_t>& count) {
  return count ? sql::Value(int64_t{*count}) : sql::Null();
}

std::optional<Verdict> VerdictByName(std::string_view name) {
  for (Verdict verdict : {Verdict::kApprove, Verdict::kReject}) {
    if (name == VerdictName(verdict)) return verdict;
  }
  return std::nullopt;
}

Window ReadWindow(RowReader& reader) {
  Window window;
  if (const auto millis = reader.MaybeInteger()) window.duration = Duration(*millis);
  window.from = reader.MaybeInstant();
  window.until = reader.MaybeInstant();
  return window;
}

Result<Request> ReadRequest(const sql::Row& row) {
  RowReader reader(row, "request");
  Request request;
  request.id = reader.Text();
  request.signer = reader.Text();
  request.requester = reader.Who();
  request.status = reader.Parsed<RequestStatus>(RequestStatusByName);
  request.created_at = reader.Instant();
  request.expires_at = reader.Instant();
  request.window = ReadWindow(reader);
  request.signings = reader.Count();
  request.justification = reader.Text();
  request.digests = reader.Parsed<std::vector<Digest>>(DigestsFromJson);
  request.policy = reader.Parsed<Policy>(PolicyFromJson);
  request.closed_reason = reader.MaybeText();
  request.grant_id = reader.MaybeText();
  request.secret_hash = reader.MaybeText();
  request.idempotency_key = reader.MaybeText();
  request.files = reader.Parsed<std::vector<NamedFile>>(FilesFromJson);
  request.scopes = reader.Parsed<std::vector<Scope>>(ScopesFromJson);
  request.requester_uid = reader.MaybeCount();
  return reader.Finish(std::move(request));
}

Result<Decision> ReadDecision(const sql::Row& row) {
  RowReader reader(row, "decision");
  Decision decision;
  decision.step = reader.Count();
  decision.approver = reader.Who();
  decision.verdict = reader.Parsed<Verdict>(VerdictByName);
  decision.comment = reader.Text();
  decision.at = reader.Instant();
  decision.narrowing.signings = reader.MaybeCount();
  if (const auto millis = reader.MaybeInteger()) decision.narrowing.window = Duration(*millis);
  decision.approver_uid = reader.MaybeCount();
  return reader.Finish(std::move(decision));
}

Result<Comment> ReadComment(const sql::Row& row) {
  RowReader reader(row, "comment");
  Comment comment;
  comment.author = reader.Who();
  comment.text = reader.Text();
  comment.at = reader.Instant();
  return reader.Finish(std::move(comment));
}

Result<int64_t> ReadCount(const sql::Row& row) {
  RowReader reader(row, "count");
  return reader.Finish(reader.Integer());
}

Status LoadDecisionsAndComments(sql::Connection& sql, Request& request) {
  GRANT_TRY(
      request.decisions,
      ReadAll(
          sql.Query("SELECT step, approver, verdict, note, decided_at, "
                    "narrowed_signings, narrowed_window, approver_uid FROM request_decision WHERE "
                    "request_id = $1 ORDER BY place",
                    {request.id}),
          ReadDecision));
  GRANT_TRY(request.comments, ReadAll(sql.Query("SELECT author, note, written_at "
                                                "FROM request_comment WHERE request_id = $1 "
                                                "ORDER BY place",
                                                {request.id}),
                                      ReadComment));
  return {};
}

Result<std::vector<Request>> ReadRequests(sql::Connection& sql,
                                          const Result<std::vector<sql::Row>>& rows) {
  GRANT_TRY(std::vector<Request> requests, ReadAll(rows, ReadRequest));
  for (Request& request : requests) GRANT_CHECK(LoadDecisionsAndComments(sql, request));
  return requests;
}

// How many of a request's decisions or comments are stored; fewer than before cannot be.
Result<size_t> Stored(sql::Connection& sql, std::string_view query, const Request& request,
                      size_t now) {
  GRANT_TRY(auto count, ReadFirst(sql.Query(query, {request.id}), ReadCount));
  const auto stored = static_cast<size_t>(count.value_or(0));
  if (stored <= now) return stored;
  return Fail(Code::kInternal, fmt::format("request {} would lose {} of its decisions or comments",
                                           request.id, stored - now));
}

Status AppendDecisions(sql::Connection& sql, const Request& request) {
  GRANT_TRY(const size_t stored,
            Stored(sql, "SELECT COUNT(*) FROM request_decision WHERE request_id = $1", request,
                   request.decisions.size()));
  for (size_t place = stored; place < request.decisions.size(); ++place) {
    const Decision& decision = request.decisions[place];
    GRANT_CHECK(sql.Execute(
        "INSERT INTO request_decision "
        "(request_id, place, step, approver, verdict, note, decided_at, narrowed_signings, "
        "narrowed_window, approver_uid) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {request.id, static_cast<int64_t>(place), int64_t{decision.step}, decision.approver.text(),
         VerdictName(decision.verdict), decision.comment, ToMillis(decision.at),
         MaybeCount(decision.narrowing.signings), MaybeDuration(decision.narrowing.window),
         MaybeCount(decision.approver_uid)}));
  }
  return {};
}

Status AppendComments(sql::Connection& sql, const Request& request) {
  GRANT_TRY(const size_t stored,
            Stored(sql, "SELECT COUNT(*) FROM request_comment WHERE request_id = $1", request,
                   request.comments.size()));
  for (size_t place = stored; place < request.comments.size(); ++place) {
    const Comment& comment = request.comments[place];
    GRANT_CHECK(
        sql.Execute("INSERT INTO request_comment "
                    "(request_id, place, author, note, written_at) "
                    "VALUES ($1, $2, $3, $4, $5)",
                    {request.id, static_cast<int64_t>(place), comment.author.text(), comment.text,
                     ToMillis(comment.at)}));
  }
  return {};
}

}  // namespace

Result<std::optional<Request>> Tables::FindRequest(const std::string& id) {
  GRANT_TRY(
      auto request,
      ReadFirst(sql_.Query(std::string(kSelectRequest) + " WHERE id = $1", {id}), ReadRequest));
  if (request) GRANT_CHECK(LoadDecisionsAndComments(sql_, *request));
  return request;
}

Result<std::optional<Request>> Tables::FindRequestBySecret(const std::string& secret_hash) {
  auto request =
      ReadFirst(sql_.Query(std::string(kSelectRequest) + " WHERE secret_hash = $1", {secret_hash}),
                ReadRequest);
  if (request && *request) GRANT_CHECK(LoadDecisionsAndComments(sql_, **request));
  return request;
}

Result<std::optional<Request>> Tables::FindRequestByKey(const Principal& requester,
                                                        const std::string& idempotency_key) {
  auto request = ReadFirst(
      sql_.Query(std::string(kSelectRequest) + " WHERE requester = $1 AND idempotency_key = $2",
                 {requester.text(), idempotency_key}),
      ReadRequest);
  if (request && *request) GRANT_CHECK(LoadDecisionsAndComments(sql_, **request));
  return request;
}

Result<std::vector<Request>> Tables::OpenRequestsOf(const Principal& requester, Time now,
                                                    size_t limit) {
  return ReadRequests(sql_, ListQuery(kSelectRequest)
                                .Where("requester =", requester.text())
                                .Where("status =", Name(RequestStatus::kOpen))
                                .Where("expires_at >", ToMillis(now))
                                .Run(sql_, "expires_at", limit));
}

Result<std::vector<std::string>> Tables::RequestIdsLike(const std::string& prefix, size_t limit,
                                                        const std::optional<Sight>& sight) {
  ListQuery query(kSelectRequestIds);
  query.WherePrefix("id", prefix);
  return IdsInSight(sql_, query, sight, kRequester, limit);
}

Result<std::vector<Request>> Tables::ListRequests(const RequestFilter& filter) {
  // Only a list that is narrowed to a sight is put together of several.
  ListQuery query(filter.sight ? kSelectRequestIds : kSelectRequest);
  if (filter.status) query.Where("status =", Name(*filter.status));
  query.WhereIf("signer =", filter.signer).WhereIf("requester =", filter.requester);
  if (!filter.before.empty()) query.Where("id <", filter.before);
  if (filter.since) query.Where("id >=", MakeId(kRequestPrefix, *filter.since, {}));
  if (!filter.sight) return ReadRequests(sql_, query.Run(sql_, "id DESC", filter.limit));
  GRANT_TRY(const auto ids, IdsInSight(sql_, query, filter.sight, kRequester, filter.limit));
  std::vector<Request> requests;
  for (const std::string& id : ids) {
    GRANT_TRY(auto request, FindRequest(id));
    if (request) requests.push_back(*std::move(request));
  }
  return requests;
}

Result<std::vector<Request>> Tables::OverdueRequests(Time now, size_t limit) {
  return ReadRequests(sql_, ListQuery(kSelectRequest)
                                .Where("status =", Name(RequestStatus::kOpen))
                                .Where("expires_at <=", ToMillis(now))
                                .Run(sql_, "expires_at", limit));
}

Status Tables::InsertRequest(const Request& request) {
  GRANT_TRY(std::string policy, PolicyToJson(request.policy));
  GRANT_TRY(const int64_t policy_number, PolicyNumber(sql_, policy));
  GRANT_TRY(std::string digests, DigestsToJson(request.digests));
  GRANT_TRY(std::string files, FilesToJson(request.files));
  GRANT_TRY(std::string scopes, ScopesToJson(request.scopes));
  GRANT_CHECK(sql_.Execute(
      "INSERT INTO signing_request (id, signer, requester, status, created_at, expires_at, "
      "window_duration, window_from, window_until, signings, justification, digests, "
      "policy_snapshot, closed_reason, grant_id, secret_hash, idempotency_key, files, scopes, "
      "requester_uid, policy_number) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
      "$19, $20, $21)",
      {request.id,
       request.signer,
       request.requester.text(),
       Name(request.status),
       ToMillis(request.created_at),
       ToMillis(request.expires_at),
       MaybeDuration(request.window.duration),
       MaybeMillis(request.window.from),
       MaybeMillis(request.window.until),
       int64_t{request.signings},
       request.justification,
       std::move(digests),
       std::move(policy),
       Maybe(request.closed_reason),
       Maybe(request.grant_id),
       Maybe(request.secret_hash),
       Maybe(request.idempotency_key),
       std::move(files),
       std::move(scopes),
       MaybeCount(request.requester_uid),
       policy_number}));
  GRANT_CHECK(AppendDecisions(sql_, request));
  return AppendComments(sql_, request);
}

Status Tables::UpdateRequest(const Request& request) {
  // A closed request keeps its status: two transitions of one open request cannot both be stored.
  GRANT_CHECK(ExpectOne(
      sql_.Execute("UPDATE signing_request SET status = $2, closed_reason = $3, grant_id = $4 "
                   "WHERE id = $1 AND (status = $5 OR status = $2)",
                   {request.id, Name(request.status), Maybe(request.closed_reason),
                    Maybe(request.grant_id), Name(RequestStatus::kOpen)}),
      {Code::kConflict, fmt::format("request {} is not open any more", request.id), ""}));
  GRANT_CHECK(AppendDecisions(sql_, request));
  return AppendComments(sql_, request);
}

}  // namespace grant
