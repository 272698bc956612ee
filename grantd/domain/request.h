// A request for signing access and its life: open until it is approved, rejected, cancelled or
// expired. The functions are pure; whoever calls them stores what they return in one transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/digest.h"
#include "grantd/domain/grant.h"
#include "grantd/domain/named_file.h"
#include "grantd/domain/narrowing.h"
#include "grantd/domain/principal.h"
#include "grantd/domain/rules.h"
#include "grantd/domain/scope.h"
#include "grantd/domain/time.h"

namespace grant {

enum class RequestStatus { kOpen, kApproved, kRejected, kCancelled, kExpired };
const char* Name(RequestStatus status);  // "open"
std::optional<RequestStatus> RequestStatusByName(std::string_view name);

// Either a duration, which starts at the approval, or two instants.
struct Window {
  std::optional<Duration> duration;
  std::optional<Time> from;
  std::optional<Time> until;
  bool operator==(const Window&) const = default;
};

enum class Verdict { kApprove, kReject };

struct Decision {
  uint32_t step = 0;  // counted from 0
  Principal approver;
  Verdict verdict = Verdict::kApprove;
  std::string comment;
  Time at;
  Narrowing narrowing = {};  // of an approval
  std::optional<uint32_t> approver_uid = std::nullopt;
  bool operator==(const Decision&) const = default;
};

struct Comment {
  Principal author;
  std::string text;
  Time at;
  bool operator==(const Comment&) const = default;
};

struct Request {
  std::string id;
  std::string signer;
  Principal requester;
  RequestStatus status = RequestStatus::kOpen;
  Time created_at;
  Time expires_at;  // an open request is expired from this instant on
  Window window;
  uint32_t signings = 0;
  std::string justification;
  std::vector<Digest> digests;   // empty: any content
  std::vector<NamedFile> files;  // what some of the digests are of, for the approvers to read
  std::vector<Scope> scopes;     // of its grant
  Policy policy;                 // as it was when the request was filed
  std::vector<Decision> decisions;
  std::vector<Comment> comments;
  std::optional<std::string> closed_reason;  // of a rejection or a cancellation
  std::optional<std::string> grant_id;
  std::optional<std::string> secret_hash;  // of the secret that its grant will have
  // What the requester named this filing by, so that repeating it files nothing more.
  std::optional<std::string> idempotency_key;
  std::optional<uint32_t> requester_uid;
  bool operator==(const Request&) const = default;
};

// What a requester asks for.
struct Wish {
  std::string signer;
  Window window;
  uint32_t signings = 0;
  std::string justification;
  std::vector<Digest> digests = {};
  std::vector<NamedFile> files = {};  // their digests count as if they were among `digests`
  std::vector<Scope> scopes = {};
  bool with_secret = false;  // the grant is to have a grant secret
};

inline constexpr uint32_t kSigningsMax = 1'000'000;
inline constexpr size_t kJustificationBytesMax = 4096;
inline constexpr size_t kCommentBytesMax = 4096;
inline constexpr size_t kCommentsMax = 200;
inline constexpr size_t kDigestsMax = 256;
// How far ahead a window may begin: rules, keys and people of later on are nobody's guess.
inline constexpr Duration kLeadMax = std::chrono::hours(24 * 90);

// An open request, or why the rules do not let this caller ask for it.
Result<Request> FileRequest(const Wish& wish, const Rules& rules, const Identity& requester,
                            Time now, std::string id);

// How far a request has come: for each step the approvers who count now. Somebody counts once per
// step, and only while the rules in force still make them eligible for it and they are no auditors.
struct Progress {
  std::vector<std::vector<Principal>> approved;  // by step
  size_t step = 0;  // the first that is not complete; steps.size() if all are
};
Progress ProgressOf(const Request& request, const Rules& rules, const GroupsOf& groups_of,
                    const std::vector<Principal>& auditors = {});

// Whether the caller is who filed the request.
bool IsRequester(const Request& request, const Identity& caller);

// Whether this caller may decide on the request's step (whatever its status).
bool MayApprove(const Request& request, size_t step, const Rules& rules, const Identity& caller);

// The first instant at which the grant of a request that is approved at `now` is valid, and the
// first at which it is not.
struct GrantSpan {
  Time from;
  Time until;
};
GrantSpan SpanOfGrant(const Request& request, Time now);
// Whether the caller has decided on the step already, under whatever name.
bool HasDecided(const Request& request, size_t step, const Identity& caller);

inline constexpr size_t kDecidersNamedMax = 100;
// Who can still approve an open request, by step: people, and groups outside the rules as such; at
// most kDecidersNamedMax of them, and nobody for a step that is complete.
std::vector<std::vector<Principal>> WhoCanApprove(const Request& request, const Progress& progress,
                                                  const Rules& rules,
                                                  const std::vector<Principal>& auditors = {});

struct Approval {
  Request request;
  std::optional<Grant> grant;  // issued by the approval that completes the last step
  std::optional<size_t> next_step = std::nullopt;  // where this approval completed another than it
};

// The request approved and its grant, where all its steps are complete; nothing where they are not,
// or it is not open. That happens without an approval where somebody who had lost eligibility has
// it again.
std::optional<Approval> CompleteIfDue(const Request& request, const Progress& progress, Time now,
                                      std::string grant_id);

// Approving again what one has approved is a conflict, unless the request only waits for that.
// `comment` may be empty. `grant_id` names the grant should this approval complete the request. The
// grant is as narrow as the narrowest of all approvals. The approver is no auditor; approvals of
// those who have become one do not count.
Result<Approval> Approve(Request request, const Rules& rules, const Identity& approver,
                         std::string comment, Time now, const GroupsOf& groups_of,
                         std::string grant_id, const Narrowing& narrowing = {},
                         const std::vector<Principal>& auditors = {});
// Whether the requester is a machine, whose requests the policy approves at once.
bool BypassesApproval(const Request& request, const Rules& rules);
// Does so: the one decision of such a request is grantd's own (`self`) and names the bypass.
Approval ApproveByBypass(Request request, const Principal& self, Time now, std::string grant_id);
Result<Request> Reject(Request request, const Rules& rules, const Identity& approver,
                       std::string comment, Time now, const GroupsOf& groups_of,
                       const std::vector<Principal>& auditors = {});
// By the requester or an administrator.
Result<Request> Cancel(Request request, const Identity& caller, bool is_admin, std::string comment,
                       Time now);
// By the requester, an approver of any step, or an administrator.
Result<Request> AddComment(Request request, const Rules& rules, const Identity& caller,
                           bool is_admin, std::string text, Time now);

// The request as it stands at `now`: an open one past its expiry is expired.
bool IsOverdue(const Request& request, Time now);
Request Expire(Request request);

}  // namespace grant
