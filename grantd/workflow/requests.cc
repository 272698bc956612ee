#include <nlohmann/json.hpp>

#include "grantd/failpoint.h"
#include "grantd/workflow/audit_detail.h"
#include "grantd/workflow/visibility.h"
#include "grantd/workflow/workflow.h"

namespace grant {
namespace {

using failpoint::Point;

constexpr size_t kPageRowsMax = 1000;
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

RequestView Workflow::ViewOf(Request request, const grant::Rules& rules, Time at) const {
  return ViewOf(std::move(request), rules, at, surroundings_.groups_of);
}

RequestView Workflow::ViewOf(Request request, const grant::Rules& rules, Time at,
                             const GroupsOf& groups) const {
  RequestView view;
  view.as_of = at;
  view.progress = ProgressOf(request, rules, groups, surroundings_.auditors);
  if (request.status == RequestStatus::kOpen) {
    view.hours = ForeseeHours(HoursOf(rules, request.signer), at, surroundings_.zone_of);
  }
  view.usable_from = UsableFrom(request, rules, at, surroundings_.zone_of);
  view.request = WithoutAuditors(std::move(request), surroundings_.auditors);
  return view;
}

Result<RequestView> Workflow::FindRequest(const Identity& caller, const std::string& id) {
  RequestView view;
  const Time at = now();
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const RulesVersion current, tables.CurrentRules());
    GRANT_TRY(Request request, RequestByPrefix(tables, id));
    if (!SeesAll(caller) && !MaySee(request, current.rules, caller)) {
      return tl::unexpected(NoSuchRequest(id));
    }
    view = ViewOf(std::move(request), current.rules, at);
    return {};
  }));
  return view;
}

Result<std::vector<RequestView>> Workflow::ListRequests(const Identity& caller,
                                                        RequestFilter filter,
                                                        bool awaiting_caller) {
  const Time at = now();
  const size_t wanted = filter.limit;
  filter.limit = kPageRowsMax;
  std::vector<RequestView> views;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const RulesVersion current, tables.CurrentRules());
    for (bool more = true; more && views.size() < wanted;) {
      GRANT_TRY(auto page, tables.ListRequests(filter));
      more = page.size() == filter.limit;
      if (!page.empty()) filter.before = page.back().id;
      for (Request& request : page) {
        if (views.size() == wanted) break;
        if (!SeesAll(caller) && !MaySee(request, current.rules, caller)) continue;
        RequestView view = ViewOf(std::move(request), current.rules, at);
        if (awaiting_caller && (IsAuditor(caller) ||
                                !Awaits(view.request, view.progress, current.rules, caller, at))) {
          continue;
        }
        views.push_back(std::move(view));
      }
    }
    return {};
  }));
  return views;
}

Result<std::map<Principal, std::vector<Principal>>> Workflow::GroupsOfDeciders(
    const std::string& id) {
  std::vector<Decision> decisions;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(Request request, RequestByPrefix(tables, id));
    decisions = std::move(request.decisions);
    return {};
  }));
  std::map<Principal, std::vector<Principal>> groups;
  for (const Decision& decision : decisions) {
    groups[decision.approver] = surroundings_.groups_of(decision.approver);
  }
  return groups;
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
  GRANT_TRY(const auto groups, GroupsOfDeciders(id));
  const GroupsOf known = [&](const Principal& principal) {
    const auto found = groups.find(principal);
    overtaken |= found == groups.end();
    return found == groups.end() ? std::vector<Principal>() : found->second;
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
    GRANT_TRY(Request before, RequestByPrefix(tables, id));
    if (!IsAdmin(caller) && !MaySee(before, rules, caller)) {
      return tl::unexpected(NoSuchRequest(id));
    }
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
  return ViewOf(std::move(decided), rules, decided_at);
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
  Request commented;
  grant::Rules rules;
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    GRANT_TRY(RulesVersion current, tables.CurrentRules());
    rules = std::move(current.rules);
    GRANT_TRY(Request before, RequestByPrefix(tables, id));
    if (!IsAdmin(caller) && !MaySee(before, rules, caller)) {
      return tl::unexpected(NoSuchRequest(id));
    }
    GRANT_TRY(commented,
              grant::AddComment(std::move(before), rules, caller, IsAdmin(caller), text, at));
    GRANT_CHECK(tables.UpdateRequest(commented));
    GRANT_CHECK(tables.AppendAudit(EventOf(event::kRequestCommented, commented, caller.principal,
                                           at, Detail({{"text", text}}))));
    return {};
  }));
  return ViewOf(std::move(commented), rules, at);
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
