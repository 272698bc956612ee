// What a notification is about.
#pragma once

#include <optional>
#include <vector>

#include "grantd/domain/rules.h"
#include "grantd/notify/people.h"
#include "grantd/store/store.h"
#include "grantd/workflow/workflow.h"

namespace grant {

// What happened is as it was written down; all else is as it stands when this is read.
struct Occasion {
  Notification notification;
  RequestView view;
  std::optional<Grant> grant;        // that the request led to
  std::vector<Principal> approvers;  // who may decide on notification.step
  Rules rules;
  // The approvers, or the requester where it is about an outcome.
  std::vector<Principal> recipients() const;
};

// Who is in which group outside the rules. Both may be slow.
struct Lookups {
  GroupsOf groups_of;
  MembersOf members_of;
};

Result<Occasion> ReadOccasion(Store& store, const std::string& notification_id,
                              const Lookups& lookups);

}  // namespace grant
