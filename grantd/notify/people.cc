#include "grantd/notify/people.h"

#include <algorithm>

#include "grantd/domain/reach.h"

namespace grant {
namespace {

class People {
 public:
  People(const Rules& rules, const MembersOf& members_of, const std::vector<Principal>& auditors)
      : rules_(rules), members_of_(members_of), auditing_(ReachOf(rules, auditors, members_of)) {}

  void Add(const Principal& named) {
    if (!named.scheme().ends_with("-group")) return AddOne(named);
    for (const Principal& member : members_of_(named)) AddOne(member);
  }
  std::vector<Principal> Take() && { return std::move(people_); }

 private:
  void AddOne(const Principal& person) {
    if (people_.size() == kPeopleMax || rules_.IsMachine(person) || auditing_.Holds(person)) return;
    if (std::find(people_.begin(), people_.end(), person) == people_.end()) {
      people_.push_back(person);
    }
  }

  const Rules& rules_;
  const MembersOf& members_of_;
  const Reach auditing_;
  std::vector<Principal> people_;
};

}  // namespace

std::vector<Principal> ApproversOf(const Request& request, size_t step, const Rules& rules,
                                   const MembersOf& members_of,
                                   const std::vector<Principal>& auditors) {
  People people(rules, members_of, auditors);
  for (const Principal& named : request.policy.steps.at(step).approvers) {
    if (named.scheme() != "group") {
      people.Add(named);
    } else if (const Group* group = rules.FindGroup(named.name())) {
      for (const Principal& member : group->members) people.Add(member);
    }
  }
  std::vector<Principal> found = std::move(people).Take();
  if (!request.policy.self_approval) std::erase(found, request.requester);
  return found;
}

}  // namespace grant
