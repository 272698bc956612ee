#include "grantd/domain/rules_warnings.h"

#include <algorithm>

#include "grantd/domain/reach.h"

namespace grant {
namespace {

class Warnings {
 public:
  Warnings(const Rules& rules, const std::vector<Principal>& auditors, const MembersOf& members_of)
      : rules_(rules),
        auditors_(auditors),
        members_of_(members_of),
        auditing_(ReachOf(rules, auditors, members_of)) {}

  // About one list; `as` says what those it names are to be.
  Reach Look(const std::vector<Principal>& named, const std::string& where, const std::string& as) {
    Reach reach = ReachOf(rules_, named, members_of_);
    for (const Principal& group : named) {
      if (group.scheme() != "unix" && Has(auditors_, group)) Auditor(where, group, as);
    }
    for (const Reached& reached : reach.people) {
      if (auditing_.Find(reached.person) != nullptr) Auditor(where, reached.person, as);
    }
    for (const Principal& group : members_of_ ? reach.unknown : std::vector<Principal>()) {
      lines_.push_back(where + ": the user database lists nobody in " + group.text());
    }
    return reach;
  }

  void LookAtStep(const Policy& policy, size_t index) {
    const std::string where =
        "step " + std::to_string(index + 1) + " of policy '" + policy.name + "'";
    for (const Reached& reached :
         Look(policy.steps[index].approvers, where, "an approver").people) {
      if (!rules_.IsMachine(reached.person)) continue;
      lines_.push_back(where + ": " + reached.person.text() + " of " + reached.ways.front() +
                       " is a machine, and its approval does not count");
    }
  }

  void LookAtPolicy(const Policy& policy) {
    Look(policy.requesters, "policy '" + policy.name + "'", "a requester");
    for (size_t i = 0; i < policy.steps.size(); ++i) LookAtStep(policy, i);
    if (policy.bypass_machine_identities && policy.unbounded) {
      lines_.push_back("policy '" + policy.name +
                       "': machines sign without approval and without a bound");
    }
  }

  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  static bool Has(const std::vector<Principal>& list, const Principal& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
  }
  void Auditor(const std::string& where, const Principal& who, const std::string& as) {
    lines_.push_back(where + ": " + who.text() + " is an auditor, and cannot be " + as);
  }

  const Rules& rules_;
  const std::vector<Principal>& auditors_;
  const MembersOf& members_of_;
  const Reach auditing_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> WarningsAbout(const Rules& rules, const std::vector<Principal>& auditors,
                                       const MembersOf& members_of) {
  Warnings warnings(rules, auditors, members_of);
  for (const Policy& policy : rules.policies) warnings.LookAtPolicy(policy);
  for (const Signer& signer : rules.signers) {
    warnings.Look(signer.users, "signer '" + signer.name + "'", "a user");
  }
  return warnings.Take();
}

}  // namespace grant
