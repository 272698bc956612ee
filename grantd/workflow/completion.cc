// Approvals that nobody gives: grantd's own.
#include <nlohmann/json.hpp>

#include "grantd/failpoint.h"
#include "grantd/workflow/audit_detail.h"
#include "grantd/workflow/workflow.h"

namespace grant {
namespace {

constexpr size_t kLookedAtOnceMax = 256;
constexpr Duration kInterval = std::chrono::seconds(15);

}  // namespace

Status Workflow::StoreApproval(Tables& tables, const Approval& approval, const std::string& detail,
                               Time at) {
  GRANT_TRY(const Principal self, Principal::Parse("grantd:self"));
  const Request& request = approval.request;
  const Grant& issued = *approval.grant;
  GRANT_CHECK(tables.InsertGrant(issued));
  GRANT_CHECK(tables.UpdateRequest(request));
  GRANT_CHECK(tables.AppendAudit(EventOf(event::kRequestApproved, request, self, at, detail)));
  GRANT_CHECK(tables.AppendAudit(
      {at, std::string(event::kGrantIssued), self, issued.id, issued.signer, IssueDetail(issued)}));
  failpoint::Reach(failpoint::Point::kDecisionGranted, 0, issued.id);
  return AnnounceOutcome(tables, event::kRequestApproved, request.id, self, at);
}

Status Workflow::CompleteOne(const std::string& id, const KnownGroups& groups, bool& completed) {
  completed = false;
  return store_.Write([&](Tables& tables) -> Status {
    // Of the transaction, as of every decision: nobody was told before that the request expired.
    const Time at = now();
    GRANT_TRY(const RulesVersion current, tables.CurrentRules());
    GRANT_TRY(const auto request, tables.FindRequest(id));
    if (!request) return {};
    // Whoever decided meanwhile is in no known group, and then counts the next time.
    const Progress progress =
        ProgressOf(*request, current.rules, GroupsIn(groups), surroundings_.auditors);
    const auto due =
        CompleteIfDue(*request, progress, at, MakeId(kGrantPrefix, at, surroundings_.entropy()));
    if (!due || !CheckMayGrant()) return {};
    // A grant that nobody could ever use is not issued by itself either.
    if (!CheckApprovalMeetsHours(*due, current.rules, at, surroundings_.zone_of)) return {};
    completed = true;
    return StoreApproval(
        tables, *due,
        Detail({{"comment", "its approvals are complete again"}, {"grant", due->grant->id}}), at);
  });
}

Result<size_t> Workflow::CompleteDue() {
  const Time at = now();
  if (at >= completed_at_ && at - completed_at_ < kInterval) return 0;
  completed_at_ = at;
  size_t count = 0;
  Status looked;
  RequestFilter filter;
  filter.status = RequestStatus::kOpen;
  filter.limit = kLookedAtOnceMax;
  for (bool more = true; more;) {
    grant::Rules rules;
    std::vector<Request> open;
    GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
      GRANT_TRY(RulesVersion current, tables.CurrentRules());
      rules = std::move(current.rules);
      GRANT_TRY(open, tables.ListRequests(filter));
      return {};
    }));
    more = open.size() == kLookedAtOnceMax;
    if (more) filter.before = open.back().id;
    KnownGroups groups;
    for (const Request& request : open) {
      if (Status found = LookUpDeciders(surroundings_.groups_of, request, groups); !found) {
        looked = std::move(found);
        continue;
      }
      const Progress progress =
          ProgressOf(request, rules, GroupsIn(groups), surroundings_.auditors);
      if (progress.step < request.policy.steps.size()) continue;
      bool completed = false;
      GRANT_CHECK(CompleteOne(request.id, groups, completed));
      count += completed ? 1 : 0;
    }
  }
  if (count > 0) WakeNotifier();
  GRANT_CHECK(looked);
  return count;
}

}  // namespace grant
