#include <nlohmann/json.hpp>

#include "grantd/failpoint.h"
#include "grantd/workflow/audit_detail.h"
#include "grantd/workflow/visibility.h"
#include "grantd/workflow/workflow.h"

namespace grant {
namespace {

using failpoint::Point;

constexpr size_t kOpenRowsAtOnce = 256;
constexpr size_t kExpiredAtOnceMax = 256;
// How often others may decide between the lookup of groups and the write of one decision.
constexpr int kOvertakenMax = 100;

// Which entry tells of the step a request has just taken.
std::string_view EventAfterDecision(const Request& request) {
  switch (request.status) {
    case RequestStatus::kApproved:
      return event::kRequestApproved;
    case RequestStatus::kRejected:
      return event::kRequestRejected;
    case RequestStatus::kCancelled:
      return event::kRequestCancelled;
    default:
      return event::kRequestStepApproved;
  }
}

std::string DecisionDetail(const Request& request, const std::string& comment) {
  nlohmann::json detail = {{"comment", comment}};
  if (!request.decisions.empty() && request.status != RequestStatus::kCancelled) {
    detail["step"] = request.decisions.back().step + 1;
  }
  if (request.status != RequestStatus::kCancelled && !request.decisions.empty()) {
    AddNarrowing(detail, request.decisions.back().narrowing);
  }
  if (request.grant_id) detail["grant"] = *request.grant_id;
  return Detail(detail);
}

}  // namespace

RequestView Workflow::ViewOf(Request request, const grant::Rules& rules, Time at,
                             const GroupsOf& groups) const {
  RequestView view;
  view.as_of = at;
  view.progress = ProgressOf(request, rules, groups, surroundings_.auditors);
  view.can_approve = WhoCanApprove(request, view.progress, rules, surroundings_.auditors);
  if (request.status == RequestStatus::kOpen) {
    view.hours = ForeseeHours(HoursOf(rules, request.signer), at, surroundings_.zone_of);
  }
  view.usable_from = UsableFrom(request, rules, at, surroundings_.zone_of);
  view.request = WithoutAuditors(std::move(request), surroundings_.auditors);
  return view;
}

Result<Request> Workflow::VisibleRequest(Tables& tables, const grant::Rules& rules,
                                         const Identity& caller, const std::string& id) const {
  return grant::VisibleRequest(tables, rules, {caller, SeesAll(caller)}, id);
}

Result<Workflow::Seen> Workflow::LookAt(const Identity& caller, const std::string& id) {
  Seen seen;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(RulesVersion current, tables.CurrentRules());
    seen.rules = std::move(current.rules);
    GRANT_TRY(seen.request, VisibleRequest(tables, seen.rules, caller, id));
    return {};
  }));
  GRANT_CHECK(LookUpDeciders(surroundings_.groups_of, seen.request, seen.groups));
  return seen;
}

Result<RequestView> Workflow::FindRequest(const Identity& caller, const std::string& id) {
  const Time at = now();
  GRANT_TRY(Seen seen, LookAt(caller, id));
  return ViewOf(std::move(seen.request), seen.rules, at, GroupsIn(seen.groups));
}

Result<std::vector<RequestView>> Workflow::ListRequests(const Identity& caller,
                                                        RequestFilter filter,
                                                        bool awaiting_caller) {
  const Time at = now();
  const size_t wanted = filter.limit;
  std::vector<RequestView> views;
  if (awaiting_caller) {
    // Nothing that is decided awaits anybody.
    if (IsAuditor(caller) || filter.status.value_or(RequestStatus::kOpen) != RequestStatus::kOpen) {
      return views;
    }
    filter.status = RequestStatus::kOpen;
    filter.limit = kOpenRowsAtOnce;
  }
  KnownGroups groups;
  for (bool more = true; more && views.size() < wanted;) {
    std::vector<Request> page;
    grant::Rules rules;
    GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
      GRANT_TRY(RulesVersion current, tables.CurrentRules());
      rules = std::move(current.rules);
      GRANT_TRY(filter.sight, SightOf(tables, rules, {caller, SeesAll(caller)}));
      GRANT_TRY(page, tables.ListRequests(filter));
      return {};
    }));
    more = awaiting_caller && page.size() == filter.limit;
    if (!page.empty()) filter.before = page.back().id;
    for (Request& request : page) {
      if (views.size() == wanted) break;
      if (awaiting_caller && !ApprovesFor(request.policy, rules, caller)) continue;
      // Outside of the snapshot: the user database may be slow.
      GRANT_CHECK(LookUpDeciders(surroundings_.groups_of, request, groups));
      RequestView view = ViewOf(std::move(request), rules, at, GroupsIn(groups));
      if (awaiting_caller && !Awaits(view.request, view.progress, rules, caller, at)) continue;
      views.push_back(std::move(view));
    }
  }
  return views;
}

Result<RequestView> Workflow::Decide(const Identity& caller, const std::string& id,
                                     const std::string& comment, const Demand<RequestView>& demand,
                                     const Transition& transition) {
  GRANT_CHECK(RequireParticipant(caller));
  for (int i = 0; i < kOvertakenMax; ++i) {
    bool overtaken = false;
    auto view = DecideOnce(caller, id, comment, demand, transition, overtaken);
    if (!overtaken) return view;
  }
  return Fail(Code::kConflict, "others keep deciding on request " + id + " at this moment",
              "try again");
}

Result<RequestView> Workflow::DecideOnce(const Identity& caller, const std::string& id,
                                         const std::string& comment,
                                         const Demand<RequestView>& demand,
                                         const Transition& transition, bool& overtaken) {
  GRANT_TRY(Seen seen, LookAt(caller, id));
  const GroupsOf known = [&](const Principal& principal) {
    overtaken |= seen.groups.count(principal) == 0;
    return GroupsIn(seen.groups)(principal);
  };
  Time decided_at{};
  Request decided;
  grant::Rules rules;
  failpoint::Reach(Point::kDecisionBefore, 0, id);
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    const Time at = now();
    decided_at = at;
    GRANT_TRY(RulesVersion current, tables.CurrentRules());
    rules = std::move(current.rules);
    GRANT_TRY(Request before, VisibleRequest(tables, rules, caller, seen.request.id));
    Status met;
    if (demand) met = demand(ViewOf(before, rules, at, known), at);
    auto changed = transition(std::move(before), rules, at, known);
    // Whatever came of either rests on groups that were not looked up.
    if (overtaken) return Fail(Code::kConflict, "somebody else decided at this moment");
    GRANT_CHECK(met);
    GRANT_TRY(Approval outcome, std::move(changed));
    const Request& request = outcome.request;
    const std::string_view event = EventAfterDecision(request);
    GRANT_CHECK(tables.AppendAudit(
        EventOf(event, request, caller.principal, at, DecisionDetail(request, comment))));
    failpoint::Reach(Point::kDecisionRecorded, 0, request.id);
    if (outcome.grant) {
      GRANT_CHECK(tables.InsertGrant(*outcome.grant));
      GRANT_CHECK(tables.AppendAudit({at, std::string(event::kGrantIssued), caller.principal,
                                      outcome.grant->id, outcome.grant->signer,
                                      IssueDetail(*outcome.grant)}));
      failpoint::Reach(Point::kDecisionGranted, 0, outcome.grant->id);
    }
    GRANT_CHECK(tables.UpdateRequest(request));
    if (outcome.next_step) {
      GRANT_CHECK(AnnounceStep(tables, event, request, *outcome.next_step, caller.principal, at));
    } else if (request.status != RequestStatus::kOpen) {
      GRANT_CHECK(AnnounceOutcome(tables, event, request.id, caller.principal, at));
    }
    decided = std::move(outcome.request);
    return {};
  }));
  failpoint::Reach(Point::kDecisionCommitted, 0, decided.id);
  WakeNotifier();
  seen.groups[caller.principal] = caller.groups;
  return ViewOf(std::move(decided), rules, decided_at, GroupsIn(seen.groups));
}

Result<RequestView> Workflow::Approve(const Identity& caller, const std::string& id,
                                      const std::string& comment, const Narrowing& narrowing,
                                      const Demand<RequestView>& demand) {
  return Decide(caller, id, comment, demand,
                [&](Request request, const grant::Rules& rules, Time at,
                    const GroupsOf& groups) -> Result<Approval> {
                  GRANT_CHECK(CheckMayGrant());
                  GRANT_TRY(Approval approval,
                            grant::Approve(std::move(request), rules, caller, comment, at, groups,
                                           MakeId(kGrantPrefix, at, surroundings_.entropy()),
                                           narrowing, surroundings_.auditors));
                  GRANT_CHECK(CheckApprovalMeetsHours(approval, rules, at, surroundings_.zone_of));
                  return approval;
                });
}

Result<RequestView> Workflow::Reject(const Identity& caller, const std::string& id,
                                     const std::string& comment,
                                     const Demand<RequestView>& demand) {
  return Decide(caller, id, comment, demand,
                [&](Request request, const grant::Rules& rules, Time at,
                    const GroupsOf& groups) -> Result<Approval> {
                  GRANT_TRY(Request rejected,
                            grant::Reject(std::move(request), rules, caller, comment, at, groups,
                                          surroundings_.auditors));
                  return Approval{std::move(rejected), std::nullopt};
                });
}

Result<RequestView> Workflow::Cancel(const Identity& caller, const std::string& id,
                                     const std::string& comment,
                                     const Demand<RequestView>& demand) {
  return Decide(
      caller, id, comment, demand,
      [&](Request request, const grant::Rules&, Time at, const GroupsOf&) -> Result<Approval> {
        GRANT_TRY(Request cancelled,
                  grant::Cancel(std::move(request), caller, IsAdmin(caller), comment, at));
        return Approval{std::move(cancelled), std::nullopt};
      });
}

Result<RequestView> Workflow::AddComment(const Identity& caller, const std::string& id,
                                         const std::string& text) {
  GRANT_CHECK(RequireParticipant(caller));
  const Time at = now();
  GRANT_TRY(const Seen seen, LookAt(caller, id));
  Request commented;
  grant::Rules rules;
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    GRANT_TRY(RulesVersion current, tables.CurrentRules());
    rules = std::move(current.rules);
    GRANT_TRY(Request before, VisibleRequest(tables, rules, caller, seen.request.id));
    GRANT_TRY(commented,
              grant::AddComment(std::move(before), rules, caller, IsAdmin(caller), text, at));
    GRANT_CHECK(tables.UpdateRequest(commented));
    GRANT_CHECK(tables.AppendAudit(EventOf(event::kRequestCommented, commented, caller.principal,
                                           at, Detail({{"text", text}}))));
    return {};
  }));
  return ViewOf(std::move(commented), rules, at, GroupsIn(seen.groups));
}

Result<size_t> Workflow::ExpireOverdue() {
  // Above all a clock that leapt must not end what it cannot bring back.
  if (!surroundings_.alarms().empty()) return 0;
  const Time at = now();
  GRANT_TRY(const Principal self, Principal::Parse("grantd:self"));
  size_t expired = 0;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const auto overdue, tables.OverdueRequests(at, 1));
    expired = overdue.size();
    return {};
  }));
  if (expired == 0) return 0;
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    GRANT_TRY(auto overdue, tables.OverdueRequests(at, kExpiredAtOnceMax));
    expired = overdue.size();
    for (Request& request : overdue) {
      const Request done = Expire(std::move(request));
      GRANT_CHECK(tables.UpdateRequest(done));
      GRANT_CHECK(tables.AppendAudit(EventOf(event::kRequestExpired, done, self, at, "{}")));
      GRANT_CHECK(AnnounceOutcome(tables, event::kRequestExpired, done.id, self, at));
      failpoint::Reach(Point::kExpiryRecorded, 0, done.id);
    }
    return {};
  }));
  failpoint::Reach(Point::kExpiryCommitted);
  WakeNotifier();
  return expired;
}

}  // namespace grant
