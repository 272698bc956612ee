#include "grantd/notify/occasion.h"

namespace grant {

std::vector<Principal> Occasion::recipients() const {
  return notification.step ? approvers : std::vector<Principal>{view.request.requester};
}

Result<Occasion> ReadOccasion(Store& store, const std::string& notification_id,
                              const Lookups& lookups) {
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
  occasion.view.progress = ProgressOf(request, occasion.rules, lookups.groups_of);
  if (const auto step = occasion.notification.step; step && *step < request.policy.steps.size()) {
    occasion.approvers = ApproversOf(request, *step, occasion.rules, lookups.members_of);
  }
  return occasion;
}

}  // namespace grant
