// Occasions for the tests of messages.
#pragma once

#include <string>

#include "grantd/domain/audit.h"
#include "grantd/notify/occasion.h"
#include "tests/unit/domain/builders.h"

namespace grant {

inline constexpr char kSomeNotificationId[] = "ntf_01JD0000000000000000000000";
inline constexpr char kSomeRequestId[] = "req_01JD0000000000000000000000";
inline constexpr char kSomeGrantId[] = "grt_01JD0000000000000000000000";

// alice's request waits for its first step.
inline Occasion FiledOccasion() {
  Occasion occasion;
  occasion.rules = MakeRules();
  occasion.view.request =
      FileRequest(MakeWish(), occasion.rules, Who("unix:alice"), At(0), kSomeRequestId).value();
  occasion.view.progress = ProgressOf(occasion.view.request, occasion.rules, NoGroups);
  occasion.notification = {kSomeNotificationId, std::string(event::kRequestFiled),
                           kSomeRequestId,      0,
                           P("unix:alice"),     At(0)};
  occasion.approvers = Ps({"unix:bob", "unix:carol"});
  return occasion;
}

// What became of it, by bob's doing.
inline Occasion OutcomeOccasion(std::string_view event) {
  Occasion occasion = FiledOccasion();
  occasion.notification.event = event;
  occasion.notification.step.reset();
  occasion.notification.actor = P("unix:bob");
  occasion.approvers.clear();
  if (event == event::kRequestApproved || event == event::kGrantRevoked) {
    Grant grant = MakeGrant(kSomeGrantId);
    grant.request_id = kSomeRequestId;
    occasion.grant = grant;
    occasion.view.request.grant_id = grant.id;
  }
  return occasion;
}

}  // namespace grant
