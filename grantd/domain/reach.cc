#include "grantd/domain/reach.h"

#include <algorithm>

namespace grant {
namespace {

bool IsOutsideGroup(const Principal& principal) {
  return principal.scheme().ends_with("-group");
}

void Add(Reach& reach, const Principal& person, const std::string& way) {
  for (Reached& known : reach.people) {
    if (known.person != person) continue;
    if (std::find(known.ways.begin(), known.ways.end(), way) == known.ways.end()) {
      known.ways.push_back(way);
    }
    return;
  }
  reach.people.push_back({person, {way}});
}

// `through` is the group of the rules that names it, with what separates it from the next, or
// empty.
void AddNamed(Reach& reach, const Principal& named, const std::string& through,
              const MembersOf& members_of) {
  if (!IsOutsideGroup(named)) {
    Add(reach, named, through.empty() ? named.text() : through);
    return;
  }
  const std::vector<Principal> members = members_of ? members_of(named) : std::vector<Principal>();
  const bool listed =
      std::find(reach.unknown.begin(), reach.unknown.end(), named) != reach.unknown.end();
  if (members.empty() && !listed) reach.unknown.push_back(named);
  for (const Principal& member : members) {
    Add(reach, member, through.empty() ? named.text() : through + ", " + named.text());
  }
}

}  // namespace

bool Reach::Holds(const Principal& one) const {
  return std::find(unknown.begin(), unknown.end(), one) != unknown.end() ||
         std::any_of(people.begin(), people.end(),
                     [&](const Reached& reached) { return reached.person == one; });
}

Reach ReachOf(const Rules& rules, const std::vector<Principal>& named,
              const MembersOf& members_of) {
  Reach reach;
  for (const Principal& one : named) {
    if (one.scheme() != "group") {
      AddNamed(reach, one, "", members_of);
      continue;
    }
    const Group* group = rules.FindGroup(one.name());
    if (group == nullptr) continue;
    for (const Principal& member : group->members) {
      AddNamed(reach, member, one.text(), members_of);
    }
  }
  return reach;
}

}  // namespace grant
