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
  // Those approvers who have not decided on it yet, or the requester where it is about an outcome.
  std::vector<Principal> recipients() const;
  // Whether it asks for an approval that nobody can give any more: the step or the whole request is
  // decided.
  bool IsLate(Time now) const;
};

// What is known beside the rules. The first two may be slow.
struct Lookups {
  GroupLookup groups_of;
  MembersOf members_of;
  std::vector<Principal> auditors = {};
  ZoneOf zone_of = {};
};

// kUnavailable where the user database does not answer.
Result<Occasion> ReadOccasion(Store& store, const std::string& notification_id,
                              const Lookups& lookups, Time now);

}  // namespace grant
