#include <nlohmann/json.hpp>

#include "grantd/failpoint.h"
#include "grantd/workflow/audit_detail.h"
#include "grantd/workflow/visibility.h"
#include "grantd/workflow/workflow.h"

namespace grant {
namespace {

using failpoint::Point;

constexpr size_t kUsesShownMax = 1000;

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
  return grant::VisibleGrant(tables, current.rules, {caller, SeesAll(caller)}, id);
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
  filter.status = status;
  filter.now = now();
  std::vector<GrantView> views;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const RulesVersion current, tables.CurrentRules());
    GRANT_TRY(filter.sight, SightOf(tables, current.rules, {caller, SeesAll(caller)}));
    GRANT_TRY(auto page, tables.ListGrants(filter));
    for (Grant& held : page) views.push_back({std::move(held), {}, {}});
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
  // Finding the one that a prefix means may take its time.
  std::string whole_id;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const Grant held, VisibleGrant(tables, caller, id));
    whole_id = held.id;
    return {};
  }));
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    GRANT_TRY(Grant held, VisibleGrant(tables, caller, whole_id));
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
    return grant::Release(std::move(held), caller, reason, at);
  });
}

}  // namespace grant
