#include "grantd/domain/request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "grantd/domain/text.h"

namespace grant {
namespace {

constexpr std::array kStatusNames = {std::pair{RequestStatus::kOpen, "open"},
                                     std::pair{RequestStatus::kApproved, "approved"},
                                     std::pair{RequestStatus::kRejected, "rejected"},
                                     std::pair{RequestStatus::kCancelled, "cancelled"},
                                     std::pair{RequestStatus::kExpired, "expired"}};

Identity Remembered(const Decision& decision, const GroupsOf& groups_of) {
  return Identity{decision.approver, groups_of(decision.approver), decision.approver_uid};
}

Status CheckOpen(const Request& request, Time now) {
  if (request.status == RequestStatus::kOpen && !IsOverdue(request, now)) return {};
  const RequestStatus status =
      request.status == RequestStatus::kOpen ? RequestStatus::kExpired : request.status;
  return Fail(Code::kConflict, "request " + request.id + " is " + Name(status) + ", not open",
              "grantctl request show " + request.id);
}

// The step a decision made now belongs to, once it is sure that this caller may make it.
Result<size_t> StepToDecide(const Request& request, const Rules& rules, const Identity& approver,
                            Time now, const GroupsOf& groups_of,
                            const std::vector<Principal>& auditors) {
  GRANT_CHECK(CheckOpen(request, now));
  const Progress progress = ProgressOf(request, rules, groups_of, auditors);
  const size_t step = std::min(progress.step, request.policy.steps.size() - 1);
  if (rules.IsMachine(approver.principal)) {
    return Fail(Code::kForbidden,
                approver.principal.text() + " is a machine, and machines approve nothing",
                "a person decides: grantctl request show " + request.id + " lists who may");
  }
  if (!rules.Approves(request.policy.steps[step], approver)) {
    return Fail(Code::kForbidden,
                approver.principal.text() + " is not an approver of step " +
                    std::to_string(step + 1) + " ('" + request.policy.steps[step].name +
                    "') of request " + request.id,
                "grantctl request show " + request.id + " lists who is");
  }
  if (!MayApprove(request, step, rules, approver)) {
    return Fail(Code::kForbidden,
                "policy '" + request.policy.name +
                    "' does not let requesters decide on their own "
                    "requests",
                "ask another approver");
  }
  return step;
}

Grant IssueGrant(const Request& request, Time now, std::string id) {
  const GrantSpan span = SpanOfGrant(request, now);
  Grant grant;
  grant.id = std::move(id);
  grant.request_id = request.id;
  grant.signer = request.signer;
  grant.holder = request.requester;
  grant.holder_uid = request.requester_uid;
  grant.not_before = span.from;
  grant.not_after = span.until;
  grant.max_signings =
      std::min(request.signings, NarrowestOf(request).signings.value_or(request.signings));
  grant.digests = request.digests;
  grant.scopes = request.scopes;
  grant.secret_hash = request.secret_hash;
  return grant;
}

}  // namespace

const char* Name(RequestStatus status) {
  for (const auto& [value, name] : kStatusNames) {
    if (value == status) return name;
  }
  return "unknown";
}

std::optional<RequestStatus> RequestStatusByName(std::string_view name) {
  for (const auto& [value, known] : kStatusNames) {
    if (name == known) return value;
  }
  return std::nullopt;
}

bool IsRequester(const Request& request, const Identity& caller) {
  return caller.IsRecordedAs(request.requester, request.requester_uid);
}

Progress ProgressOf(const Request& request, const Rules& rules, const GroupsOf& groups_of,
                    const std::vector<Principal>& auditors) {
  Progress progress;
  const std::vector<Step>& steps = request.policy.steps;
  progress.approved.resize(steps.size());
  std::vector<const Decision*> counted;
  for (const Decision& decision : request.decisions) {
    if (decision.verdict != Verdict::kApprove || decision.step >= steps.size()) continue;
    const Identity approver = Remembered(decision, groups_of);
    const bool again = std::any_of(counted.begin(), counted.end(), [&](const Decision* earlier) {
      return earlier->step == decision.step &&
             approver.MayBeRecordedAs(earlier->approver, earlier->approver_uid);
    });
    if (again || approver.IsAny(auditors)) continue;
    if (!MayApprove(request, decision.step, rules, approver)) continue;
    counted.push_back(&decision);
    progress.approved[decision.step].push_back(decision.approver);
  }
  while (progress.step < steps.size() &&
         progress.approved[progress.step].size() >= steps[progress.step].required) {
    ++progress.step;
  }
  return progress;
}

bool MayApprove(const Request& request, size_t step, const Rules& rules, const Identity& caller) {
  if (step >= request.policy.steps.size()) return false;
  if (!request.policy.self_approval &&
      caller.MayBeRecordedAs(request.requester, request.requester_uid)) {
    return false;
  }
  return rules.Approves(request.policy.steps[step], caller);
}

GrantSpan SpanOfGrant(const Request& request, Time now) {
  const Window& window = request.window;
  GrantSpan span{window.from.value_or(now),
                 window.until ? *window.until : now + window.duration.value()};
  if (const auto narrowed = NarrowestOf(request).window) {
    // What has passed of a window between two instants is no time in which the grant can be used.
    span.from = std::max(span.from, now);
    span.until = std::min(span.until, span.from + *narrowed);
  }
  return span;
}

bool HasDecided(const Request& request, size_t step, const Identity& caller) {
  return std::any_of(request.decisions.begin(), request.decisions.end(),
                     [&](const Decision& decision) {
                       return decision.step == step &&
                              caller.MayBeRecordedAs(decision.approver, decision.approver_uid);
                     });
}

std::optional<Approval> CompleteIfDue(const Request& request, const Progress& progress, Time now,
                                      std::string grant_id) {
  if (progress.step < request.policy.steps.size() || !CheckOpen(request, now)) return std::nullopt;
  Approval approval{request, std::nullopt};
  approval.request.status = RequestStatus::kApproved;
  approval.request.grant_id = grant_id;
  approval.grant = IssueGrant(request, now, std::move(grant_id));
  return approval;
}

Result<Approval> Approve(Request request, const Rules& rules, const Identity& approver,
                         std::string comment, Time now, const GroupsOf& groups_of,
                         std::string grant_id, const Narrowing& narrowing,
                         const std::vector<Principal>& auditors) {
  GRANT_TRY(const size_t step, StepToDecide(request, rules, approver, now, groups_of, auditors));
  GRANT_CHECK(CheckText(comment, kCommentBytesMax, "the comment"));
  GRANT_CHECK(CheckNarrowing(request, narrowing));
  // The caller's groups were looked up for this very call.
  const GroupsOf groups_now = [&](const Principal& principal) {
    return principal == approver.principal ? approver.groups : groups_of(principal);
  };
  if (HasDecided(request, step, approver)) {
    auto due =
        CompleteIfDue(request, ProgressOf(request, rules, groups_now, auditors), now, grant_id);
    if (due && narrowing.empty()) return *std::move(due);
    return Fail(Code::kConflict,
                approver.principal.text() + " has already approved step " +
                    std::to_string(step + 1) + " of request " + request.id,
                "another approver is needed: grantctl request show " + request.id);
  }
  request.decisions.push_back(Decision{static_cast<uint32_t>(step), approver.principal,
                                       Verdict::kApprove, std::move(comment), now, narrowing,
                                       approver.uid});
  const Progress progress = ProgressOf(request, rules, groups_now, auditors);
  if (auto complete = CompleteIfDue(request, progress, now, std::move(grant_id))) {
    return *std::move(complete);
  }
  Approval approval{std::move(request), std::nullopt};
  if (progress.step > step) approval.next_step = progress.step;
  return approval;
}

bool BypassesApproval(const Request& request, const Rules& rules) {
  return request.policy.bypass_machine_identities && rules.IsMachine(request.requester);
}

Approval ApproveByBypass(Request request, const Principal& self, Time now, std::string grant_id) {
  request.decisions.push_back(
      Decision{0, self, Verdict::kApprove,
               "bypass_machine_identities of policy '" + request.policy.name + "'", now});
  request.status = RequestStatus::kApproved;
  request.grant_id = grant_id;
  Grant grant = IssueGrant(request, now, std::move(grant_id));
  return {std::move(request), std::move(grant)};
}

Result<Request> Reject(Request request, const Rules& rules, const Identity& approver,
                       std::string comment, Time now, const GroupsOf& groups_of,
                       const std::vector<Principal>& auditors) {
  GRANT_TRY(const size_t step, StepToDecide(request, rules, approver, now, groups_of, auditors));
  GRANT_CHECK(CheckText(comment, kCommentBytesMax, "the comment"));
  request.decisions.push_back(Decision{static_cast<uint32_t>(step),
                                       approver.principal,
                                       Verdict::kReject,
                                       comment,
                                       now,
                                       {},
                                       approver.uid});
  request.status = RequestStatus::kRejected;
  request.closed_reason = std::move(comment);
  return request;
}

Result<Request> Cancel(Request request, const Identity& caller, bool is_admin, std::string comment,
                       Time now) {
  if (!is_admin && !IsRequester(request, caller)) {
    return Fail(Code::kForbidden,
                "only " + request.requester.text() + " or an administrator may cancel request " +
                    request.id,
                "an approver rejects it: grantctl request reject " + request.id);
  }
  GRANT_CHECK(CheckOpen(request, now));
  GRANT_CHECK(CheckText(comment, kCommentBytesMax, "the comment"));
  request.status = RequestStatus::kCancelled;
  request.closed_reason = std::move(comment);
  return request;
}

Result<Request> AddComment(Request request, const Rules& rules, const Identity& caller,
                           bool is_admin, std::string text, Time now) {
  const std::vector<Step>& steps = request.policy.steps;
  const bool involved = is_admin || IsRequester(request, caller) ||
                        std::any_of(steps.begin(), steps.end(),
                                    [&](const Step& step) { return rules.Approves(step, caller); });
  if (!involved) {
    return Fail(Code::kForbidden,
                caller.principal.text() + " has no part in request " + request.id);
  }
  GRANT_CHECK(CheckText(text, kCommentBytesMax, "the comment"));
  if (IsBlank(text)) {
    return Fail(Code::kInvalid, "the comment is empty",
                "grantctl request comment " + request.id + " TEXT");
  }
  if (request.comments.size() >= kCommentsMax) {
    return Fail(Code::kTooLarge, "request " + request.id + " has " + std::to_string(kCommentsMax) +
                                     " comments, which is the most it takes");
  }
  request.comments.push_back(Comment{caller.principal, std::move(text), now});
  return request;
}

bool IsOverdue(const Request& request, Time now) {
  return request.status == RequestStatus::kOpen && now >= request.expires_at;
}

Request Expire(Request request) {
  request.status = RequestStatus::kExpired;
  return request;
}

}  // namespace grant
