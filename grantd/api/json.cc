#include "grantd/api/json.h"

#include <algorithm>
#include <string>
#include <vector>

namespace grant::api {
namespace {

Json OrNull(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}
Json OrNull(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json();
}
Json OrNull(const std::optional<Time>& time) {
  return time ? Json(FormatTime(*time)) : Json();
}
Json OrNull(const std::optional<uint32_t>& number) {
  return number ? Json(*number) : Json();
}
Json OrNull(const std::optional<Duration>& duration) {
  return duration ? Json(FormatDuration(*duration)) : Json();
}

// A list, also where `items` is empty: an empty Json would be null.
template <typename Items, typename Render>
Json ListOf(const Items& items, Render render) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(render(item));
  return list;
}

template <typename T>
Json TextListJson(const std::vector<T>& values) {
  return ListOf(values, [](const T& value) { return Json(value.text()); });
}

Json NarrowingJson(const Narrowing& narrowing) {
  if (narrowing.empty()) return {};
  return {{"signings", OrNull(narrowing.signings)}, {"window", OrNull(narrowing.window)}};
}

Json DecisionJson(const Decision& decision) {
  return {{"step", decision.step + 1},
          {"approver", decision.approver.text()},
          {"decision", decision.verdict == Verdict::kApprove ? "approve" : "reject"},
          {"comment", decision.comment},
          {"narrowed", NarrowingJson(decision.narrowing)},
          {"at", FormatTime(decision.at)}};
}

Json CommentJson(const Comment& comment) {
  return {
      {"author", comment.author.text()}, {"text", comment.text}, {"at", FormatTime(comment.at)}};
}

// Who approved a step: for an open request those who count now, for a closed one those who did
// then.
std::vector<Principal> ApproversOf(const RequestView& view, size_t step) {
  if (view.request.status == RequestStatus::kOpen) {
    return step < view.progress.approved.size() ? view.progress.approved[step]
                                                : std::vector<Principal>();
  }
  std::vector<Principal> approvers;
  for (const Decision& decision : view.request.decisions) {
    if (decision.step != step || decision.verdict != Verdict::kApprove) continue;
    // The bypass for machines is a decision of grantd's own and no approver's.
    if (decision.approver.scheme() != "grantd") approvers.push_back(decision.approver);
  }
  return approvers;
}

Json StepsJson(const RequestView& view, RequestStatus status) {
  const bool open = status == RequestStatus::kOpen;
  Json list = Json::array();
  for (size_t i = 0; i < view.request.policy.steps.size(); ++i) {
    const Step& step = view.request.policy.steps[i];
    std::vector<Principal> approved_by = ApproversOf(view, i);
    list.push_back(
        {{"name", step.name},
         {"required", step.required},
         {"approvers", TextsJson(step.approvers)},
         {"approved_by", TextsJson(approved_by)},
         {"can_approve",
          open && i < view.can_approve.size() ? TextsJson(view.can_approve[i]) : Json::array()},
         // One that was approved at once has no approvals to count.
         {"complete",
          view.request.status == RequestStatus::kApproved || approved_by.size() >= step.required}});
  }
  return list;
}

Json StepNumberJson(const RequestView& view, RequestStatus status) {
  bool deciding =
      status == RequestStatus::kOpen && view.progress.step < view.request.policy.steps.size();
  return deciding ? Json(view.progress.step + 1) : Json();
}

Json UseJson(const Use& use) {
  return {{"entry", use.id},
          {"at", FormatTime(use.at)},
          {"caller", use.caller.text()},
          {"mechanism", use.mechanism},
          {"digest", use.digest},
          {"program", use.program},
          {"outcome", Name(use.outcome)}};
}

Json SpansJson(const WeeklyHours& hours) {
  return ListOf(hours.spans, [](const WeeklySpan& span) { return Json(span.text()); });
}

Json StepRulesJson(const Step& step) {
  return {{"name", step.name},
          {"approvers", TextsJson(step.approvers)},
          {"required", step.required},
          {"notify", step.notify}};
}

}  // namespace

Json TextsJson(const std::vector<Principal>& principals) {
  return ListOf(principals, [](const Principal& principal) { return Json(principal.text()); });
}

Json HoursJson(const std::optional<HoursForecast>& hours) {
  if (!hours) return {};
  return {{"spans", SpansJson(hours->hours)},
          {"time_zone", hours->hours.time_zone},
          {"open_now", hours->open_now},
          {"opens_at", OrNull(hours->opens_at)}};
}

Json RequestJson(const RequestView& view, Time now) {
  const Request& request = view.request;
  RequestStatus status = IsOverdue(request, now) ? RequestStatus::kExpired : request.status;
  return {{"id", request.id},
          {"signer", request.signer},
          {"requester", request.requester.text()},
          {"status", Name(status)},
          {"created_at", FormatTime(request.created_at)},
          {"expires_at", FormatTime(request.expires_at)},
          {"window",
           {{"from", OrNull(request.window.from)},
            {"until", OrNull(request.window.until)},
            {"duration", OrNull(request.window.duration)}}},
          {"signings", request.signings},
          {"narrowed", NarrowingJson(NarrowestOf(request))},
          {"justification", request.justification},
          {"digests", TextListJson(request.digests)},
          {"files", FilesJson(request.files)},
          {"scopes", TextListJson(request.scopes)},
          {"policy", request.policy.name},
          {"step", StepNumberJson(view, status)},
          {"steps", StepsJson(view, status)},
          {"decisions", ListOf(request.decisions, DecisionJson)},
          {"comments", ListOf(request.comments, CommentJson)},
          {"closed_reason", OrNull(request.closed_reason)},
          {"grant_id", OrNull(request.grant_id)},
          {"usable_from", OrNull(view.usable_from)},
          {"hours", HoursJson(view.hours)},
          {"has_secret", request.secret_hash.has_value()}};
}

Json GrantJson(const Grant& grant, Time now) {
  const bool released = grant.revocation && grant.revocation->released;
  const auto revocation = released ? std::nullopt : grant.revocation;
  return {{"id", grant.id},
          {"request_id", grant.request_id},
          {"signer", grant.signer},
          {"holder", grant.holder.text()},
          {"status", Name(StatusOf(grant, now))},
          {"not_before", FormatTime(grant.not_before)},
          {"not_after", FormatTime(grant.not_after)},
          {"max_signings", grant.max_signings},
          {"used", grant.used},
          {"digests", TextListJson(grant.digests)},
          {"scopes", TextListJson(grant.scopes)},
          {"revoked_by", revocation ? Json(revocation->by.text()) : Json()},
          {"revoked_at", revocation ? Json(FormatTime(revocation->at)) : Json()},
          {"revoke_reason", revocation ? Json(revocation->reason) : Json()},
          {"released_at", released ? Json(FormatTime(grant.revocation->at)) : Json()},
          {"has_secret", grant.secret_hash.has_value()}};
}

Json FilesJson(const std::vector<NamedFile>& files) {
  return ListOf(files, [](const NamedFile& file) -> Json {
    return {{"name", file.name}, {"digest", file.digest.text()}};
  });
}

Json UsesJson(const std::vector<Use>& uses) {
  return ListOf(uses, UseJson);
}

Json SignerJson(const Signer& signer) {
  return {{"name", signer.name},
          {"key", signer.key},
          {"policy", OrNull(signer.policy)},
          {"users", TextsJson(signer.users)},
          {"requesters", TextsJson(signer.requesters)},
          {"mechanisms", ListOf(signer.mechanisms, [](const auto& name) { return Json(name); })},
          {"certificate", !signer.certificate.empty()}};
}

Json PolicyJson(const Policy& policy) {
  return {{"name", policy.name},
          {"max_window", OrNull(policy.max_window)},
          {"max_signings", OrNull(policy.max_signings)},
          {"max_request_ttl", FormatDuration(policy.max_request_ttl)},
          {"self_approval", policy.self_approval},
          {"bypass_machine_identities", policy.bypass_machine_identities},
          {"unbounded", policy.unbounded},
          {"min_justification", policy.min_justification},
          {"hours", SpansJson(policy.hours)},
          {"time_zone", OrNull(policy.hours.time_zone)},
          {"requesters", TextsJson(policy.requesters)},
          {"steps", ListOf(policy.steps, StepRulesJson)}};
}

Json RulesJson(const RulesVersion& version) {
  bool any = version.version > 0;
  return {{"version", version.version},
          {"applied_by", any ? Json(version.applied_by.text()) : Json()},
          {"applied_at", any ? Json(FormatTime(version.applied_at)) : Json()},
          {"users", ListOf(version.rules.users,
                           [](const User& user) -> Json {
                             return {{"name", user.principal.text()},
                                     {"kind", Name(user.kind)},
                                     {"email", OrNull(user.email)}};
                           })},
          {"groups", ListOf(version.rules.groups,
                            [](const Group& group) -> Json {
                              return {{"name", group.name}, {"members", TextsJson(group.members)}};
                            })},
          {"policies", ListOf(version.rules.policies, PolicyJson)},
          {"signers", ListOf(version.rules.signers, SignerJson)}};
}

Json EntryJson(const AuditEntry& entry) {
  const AuditEvent& event = entry.event;
  // What was stored is shown even where it is no JSON, for then that is what matters about it.
  Json detail = Json::parse(event.detail, nullptr, false);
  if (detail.is_discarded()) detail = event.detail;
  return {{"number", entry.number},      {"at", FormatTime(event.at)}, {"event", event.event},
          {"actor", event.actor.text()}, {"subject", event.subject},   {"signer", event.signer},
          {"detail", std::move(detail)}, {"hash", entry.hash}};
}

}  // namespace grant::api
