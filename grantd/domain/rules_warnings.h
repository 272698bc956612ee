// What is allowed in rules, but is hardly meant, or comes to nothing here.
#pragma once

#include <string>
#include <vector>

#include "grantd/domain/principal.h"
#include "grantd/domain/rules.h"

namespace grant {

// A line each for auditors (who can neither sign nor decide) that the rules give a part, for groups
// of which nobody knows a member, for machines among a group's approvers, and for machines that
// sign without approval and without bound. `rules` have passed Validate().
std::vector<std::string> WarningsAbout(const Rules& rules, const std::vector<Principal>& auditors,
                                       const MembersOf& members_of);

// By what people are notified.
struct NotifyChannels {
  bool mail = false;
  bool webhook = false;
};

struct RulesFinding {
  std::string detail;
  std::string hint;
};

// Of the steps with notify = true: those that no channel serves, and those of whose approvers some
// have no address to send a mail to.
std::vector<RulesFinding> FindingsAboutNotifying(const Rules& rules, NotifyChannels channels,
                                                 const std::vector<Principal>& auditors,
                                                 const MembersOf& members_of);

}  // namespace grant
