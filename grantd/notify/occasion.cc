#include "grantd/notify/occasion.h"

#include <algorithm>

#include "grantd/domain/request_hours.h"
#include "grantd/workflow/visibility.h"

namespace grant {

std::vector<Principal> Occasion::recipients() const {
  if (!notification.step) return {view.request.requester};
  std::vector<Principal> waiting = approvers;
  std::erase_if(waiting, [this](const Principal& approver) {
    return std::any_of(view.request.decisions.begin(), view.request.decisions.end(),
                       [&](const Decision& decision) {
                         return decision.step == *notification.step &&
                                decision.approver == approver;
                       });
  });
  return waiting;
}

bool Occasion::IsLate(Time now) const {
  if (!notification.step) return false;
  const Request& request = view.request;
  return request.status != RequestStatus::kOpen || IsOverdue(request, now) ||
         view.progress.step != *notification.step;
}

Result<Occasion> ReadOccasion(Store& store, const std::string& notification_id,
                              const Lookups& lookups, Time now) {
  Occasion occasion;
  GRANT_CHECK(store.Read([&](Tables& tables) -> Status {
    GRANT_TRY(auto notification, tables.FindNotification(notification_id));
    if (!notification) {
      return Fail(Code::kNotFound, "there is no notification " + notification_id);
    }
    occasion.notification = *std::move(notification);
    GRANT_TRY(auto request, tables.FindRequest(occasion.notification.request_id));
    if (!request) {
      return Fail(Code::kNotFound, "there is no request " + occasion.notification.request_id);
    }
    occasion.view.request = *std::move(request);
    if (occasion.view.request.grant_id) {
      GRANT_TRY(occasion.grant, tables.FindGrant(*occasion.view.request.grant_id));
    }
    GRANT_TRY(RulesVersion current, tables.CurrentRules());
    occasion.rules = std::move(current.rules);
    return {};
  }));
  const Request& request = occasion.view.request;
  KnownGroups groups;
  GRANT_CHECK(LookUpDeciders(lookups.groups_of, request, groups));
  occasion.view.progress = ProgressOf(request, occasion.rules, GroupsIn(groups), lookups.auditors);
  occasion.view.can_approve =
      WhoCanApprove(request, occasion.view.progress, occasion.rules, lookups.auditors);
  if (request.status == RequestStatus::kOpen) {
    occasion.view.hours =
        ForeseeHours(HoursOf(occasion.rules, request.signer), now, lookups.zone_of);
  }
  occasion.view.usable_from = UsableFrom(request, occasion.rules, now, lookups.zone_of);
  if (const auto step = occasion.notification.step; step && *step < request.policy.steps.size()) {
    occasion.approvers =
        ApproversOf(request, *step, occasion.rules, lookups.members_of, lookups.auditors);
  }
  occasion.view.request = WithoutAuditors(std::move(occasion.view.request), lookups.auditors);
  return occasion;
}

}  // namespace grant
