// Lookups in the user database, kept for as long as one question takes.
#pragma once

#include <map>
#include <memory>

#include "grantd/domain/rules.h"

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

}  // namespace grant
