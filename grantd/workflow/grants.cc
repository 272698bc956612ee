#include <algorithm>
#include <nlohmann/json.hpp>

#include "grantd/failpoint.h"
#include "grantd/workflow/audit_detail.h"
#include "grantd/workflow/visibility.h"
#include "grantd/workflow/workflow.h"

namespace grant {
namespace {

using failpoint::Point;

constexpr size_t kUsesShownMax = 1000;
constexpr size_t kPageRowsMax = 1000;

// The holder, and the approvers of the policy under which the grant was issued.
Result<bool> Concerns(Tables& tables, const Grant& held, const Rules& rules,
                      const Identity& caller) {
  if (held.holder == caller.principal) return true;
  GRANT_TRY(const auto request, tables.FindRequest(held.request_id));
  return request && ApprovesFor(request->policy, rules, caller);
}

Result<GrantView> WholeView(Tables& tables, Grant held) {
  GrantView view;
  GRANT_TRY(view.uses, tables.UsesOf(held.id, kUsesShownMax));
  GRANT_TRY(auto request, tables.FindRequest(held.request_id));
  if (request) view.files = std::move(request->files);
  view.grant = std::move(held);
  return view;
}

}  // namespace

Result<Grant> Workflow::VisibleGrant(Tables& tables, const Identity& caller,
                                     const std::string& id) {
  GRANT_TRY(const RulesVersion current, tables.CurrentRules());
  GRANT_TRY(Grant held, GrantByPrefix(tables, id));
  if (SeesAll(caller)) return held;
  GRANT_TRY(const bool concerned, Concerns(tables, held, current.rules, caller));
  if (!concerned) return tl::unexpected(NoSuchGrant(id));
  return held;
}

Result<GrantView> Workflow::FindGrant(const Identity& caller, const std::string& id) {
  GrantView view;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(Grant held, VisibleGrant(tables, caller, id));
    GRANT_TRY(view, WholeView(tables, std::move(held)));
    return {};
  }));
  return view;
}

Result<std::vector<GrantView>> Workflow::ListGrants(const Identity& caller, GrantFilter filter,
                                                    std::optional<GrantStatus> status) {
  const size_t wanted = filter.limit;
  filter.limit = kPageRowsMax;
  const Time at = now();
  std::vector<GrantView> views;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const RulesVersion current, tables.CurrentRules());
    for (bool more = true; more && views.size() < wanted;) {
      GRANT_TRY(const auto page, tables.ListGrants(filter));
      more = page.size() == filter.limit;
      if (!page.empty()) filter.before = page.back().id;
      for (const Grant& held : page) {
        if (views.size() == wanted) break;
        if (status && StatusOf(held, at) != *status) continue;
        if (!SeesAll(caller)) {
          GRANT_TRY(const bool concerned, Concerns(tables, held, current.rules, caller));
          if (!concerned) continue;
        }
        views.push_back({held, {}, {}});
      }
    }
    return {};
  }));
  return views;
}

Result<GrantView> Workflow::EndGrant(const Identity& caller, const std::string& id,
                                     std::string_view event, const Demand<GrantView>& demand,
                                     const GrantEnd& end) {
  GRANT_CHECK(RequireParticipant(caller));
  const Time at = now();
  GrantView view;
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    GRANT_TRY(Grant held, VisibleGrant(tables, caller, id));
    if (demand) {
      GRANT_TRY(const GrantView seen, WholeView(tables, held));
      GRANT_CHECK(demand(seen, at));
    }
    GRANT_TRY(view.grant, end(std::move(held), at));
    GRANT_CHECK(tables.RecordRevocation(view.grant));
    GRANT_CHECK(tables.AppendAudit({at, std::string(event), caller.principal, view.grant.id,
                                    view.grant.signer,
                                    Detail({{"reason", view.grant.revocation->reason},
                                            {"used", view.grant.used},
                                            {"max_signings", view.grant.max_signings}})}));
    failpoint::Reach(Point::kRevokeRecorded, 0, view.grant.id);
    // A holder who gives a grant up needs no word of it.
    if (event != event::kGrantRevoked) return {};
    return AnnounceOutcome(tables, event, view.grant.request_id, caller.principal, at);
  }));
  WakeNotifier();
  failpoint::Reach(Point::kRevokeCommitted, 0, view.grant.id);
  surroundings_.withdraw(view.grant.id);
  failpoint::Reach(Point::kRevokeWithdrawn, 0, view.grant.id);
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(view.uses, tables.UsesOf(view.grant.id, kUsesShownMax));
    return {};
  }));
  return view;
}

Result<GrantView> Workflow::Revoke(const Identity& caller, const std::string& id,
                                   const std::string& reason, const Demand<GrantView>& demand) {
  return EndGrant(caller, id, event::kGrantRevoked, demand, [&](Grant held, Time at) {
    return grant::Revoke(std::move(held), caller.principal, reason, at);
  });
}

Result<GrantView> Workflow::Release(const Identity& caller, const std::string& id,
                                    const std::string& reason, const Demand<GrantView>& demand) {
  return EndGrant(caller, id, event::kGrantReleased, demand, [&](Grant held, Time at) {
    return grant::Release(std::move(held), caller.principal, reason, at);
  });
}

}  // namespace grant
