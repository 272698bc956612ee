// Lookups in the user database, kept for as long as one question takes.
#pragma once

#include <map>
#include <memory>

#include "grantd/domain/request.h"

namespace grant {

// The same, asked only once about each group. Empty where `members_of` is. For one thread.
inline MembersOf Remembering(MembersOf members_of) {
  if (!members_of) return {};
  auto known = std::make_shared<std::map<Principal, std::vector<Principal>>>();
  return [members_of = std::move(members_of), known](const Principal& group) {
    const auto found = known->find(group);
    return found != known->end() ? found->second
                                 : known->emplace(group, members_of(group)).first->second;
  };
}

// The groups of everybody who has decided on certain requests.
using KnownGroups = std::map<Principal, std::vector<Principal>>;

// Looks up those of the request's deciders who are not known yet.
inline Status LookUpDeciders(const GroupLookup& lookup, const Request& request,
                             KnownGroups& known) {
  for (const Decision& decision : request.decisions) {
    if (known.count(decision.approver) != 0) continue;
    GRANT_TRY(known[decision.approver], lookup(decision.approver));
  }
  return {};
}

// Whoever is not known is in no group. `known` outlives it.
inline GroupsOf GroupsIn(const KnownGroups& known) {
  return [&known](const Principal& principal) {
    const auto found = known.find(principal);
    return found == known.end() ? std::vector<Principal>() : found->second;
  };
}

}  // namespace grant
