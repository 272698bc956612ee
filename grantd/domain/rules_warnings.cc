#include "grantd/domain/rules_warnings.h"

#include <algorithm>

#include "grantd/domain/reach.h"

namespace grant {
namespace {

std::string NameStep(const Policy& policy, size_t index) {
  return "step " + std::to_string(index + 1) + " of policy '" + policy.name + "'";
}

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
      if (auditing_.Holds(reached.person)) Auditor(where, reached.person, as);
    }
    for (const Principal& group : members_of_ ? reach.unknown : std::vector<Principal>()) {
      lines_.push_back(where + ": the user database lists nobody in " + group.text());
    }
    return reach;
  }

  void LookAtStep(const Policy& policy, size_t index) {
    const std::string where = NameStep(policy, index);
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

std::vector<std::string> WithoutAddress(const Rules& rules, const Step& step, const Reach& auditing,
                                        const MembersOf& members_of) {
  std::vector<std::string> names;
  for (const Reached& reached : ReachOf(rules, step.approvers, members_of).people) {
    const User* user = rules.FindUser(reached.person);
    const bool addressed = user != nullptr && !user->email.empty();
    if (addressed || rules.IsMachine(reached.person) || auditing.Holds(reached.person)) continue;
    names.push_back(reached.person.text());
  }
  return names;
}

// "unix:bob, unix:carol and 3 others".
std::string Some(const std::vector<std::string>& names) {
  constexpr size_t kNamedMax = 5;
  std::string text = names.front();
  for (size_t i = 1; i < std::min(names.size(), kNamedMax); ++i) text += ", " + names[i];
  if (names.size() <= kNamedMax) return text;
  return text + " and " + std::to_string(names.size() - kNamedMax) + " others";
}

}  // namespace

std::vector<RulesFinding> FindingsAboutNotifying(const Rules& rules, NotifyChannels channels,
                                                 const std::vector<Principal>& auditors,
                                                 const MembersOf& members_of) {
  std::vector<RulesFinding> findings;
  const Reach auditing = ReachOf(rules, auditors, members_of);
  for (const Policy& policy : rules.policies) {
    for (size_t i = 0; i < policy.steps.size(); ++i) {
      if (!policy.steps[i].notify) continue;
      const std::string where = NameStep(policy, i);
      if (!channels.mail && !channels.webhook) {
        findings.push_back({where + " is to notify its approvers, but grantd.toml has no [notify]",
                            "add [notify.smtp] or [notify.webhook] to grantd.toml, or take notify "
                            "out of the step"});
      }
      if (!channels.mail) continue;
      const auto names = WithoutAddress(rules, policy.steps[i], auditing, members_of);
      if (names.empty()) continue;
      findings.push_back({where + ": no mail reaches " + Some(names) + ", who have no address",
                          "give them one in the rules: [[user]] name = \"" + names.front() +
                              "\", email = \"...\""});
    }
  }
  return findings;
}

std::vector<std::string> WarningsAbout(const Rules& rules, const std::vector<Principal>& auditors,
                                       const MembersOf& members_of) {
  Warnings warnings(rules, auditors, members_of);
  for (const Policy& policy : rules.policies) warnings.LookAtPolicy(policy);
  for (const Signer& signer : rules.signers) {
    const std::string where = "signer '" + signer.name + "'";
    warnings.Look(signer.users, where, "a user");
    warnings.Look(signer.requesters, where, "a requester");
  }
  return warnings.Take();
}

}  // namespace grant
