#include "grantd/notify/people.h"

#include <algorithm>

#include "grantd/domain/reach.h"

namespace grant {

std::vector<Principal> ApproversOf(const Request& request, size_t step, const Rules& rules,
                                   const MembersOf& members_of,
                                   const std::vector<Principal>& auditors) {
  const Reach auditing = ReachOf(rules, auditors, members_of);
  std::vector<Principal> people;
  for (const Reached& reached :
       ReachOf(rules, request.policy.steps.at(step).approvers, members_of).people) {
    const bool own = !request.policy.self_approval && reached.person == request.requester;
    const bool may = !own && !rules.IsMachine(reached.person) && !auditing.Holds(reached.person);
    if (may && people.size() < kPeopleMax) {
      people.push_back(reached.person);
    }
  }
  return people;
}

}  // namespace grant
