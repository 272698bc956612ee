// Whom a list of users and groups reaches.
#pragma once

#include <string>
#include <vector>

#include "grantd/domain/principal.h"
#include "grantd/domain/rules.h"

namespace grant {

struct Reached {
  Principal person;
  // How: "unix:bob" by name, "group:security", "group:security, unix-group:sec" through both.
  std::vector<std::string> ways;
  bool operator==(const Reached&) const = default;
};

struct Reach {
  std::vector<Reached> people;     // each once, in the order of the list
  std::vector<Principal> unknown;  // groups outside the rules whose members nobody can say

  // Whether it is among the people, or a group among the unknown.
  bool Holds(const Principal& one) const;
};

// Groups that the rules do not define reach nobody; an empty `members_of` knows no members.
Reach ReachOf(const Rules& rules, const std::vector<Principal>& named, const MembersOf& members_of);

}  // namespace grant
