#include "grantd/domain/rules.h"

#include <algorithm>

namespace grant {
namespace {

template <typename T>
const T* FindByName(const std::vector<T>& items, std::string_view name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [name](const T& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

template <typename T>
Status CheckUnique(const std::vector<T>& items, const std::string& kind) {
  std::set<std::string> seen;
  for (const T& item : items) {
    if (!seen.insert(item.name).second) {
      return Fail(Code::kInvalid, kind + " '" + item.name + "' is defined twice",
                  "rename or remove one of them");
    }
  }
  return {};
}

// The distinct users that `named` leads to, or nothing where a group outside the rules is among
// them: how many people that holds is not known here.
std::optional<std::set<Principal>> Reachable(const Rules& rules,
                                             const std::vector<Principal>& named) {
  std::set<Principal> people;
  for (const Principal& one : named) {
    if (one.scheme() == "group") {
      const auto members = Reachable(rules, rules.FindGroup(one.name())->members);
      if (!members) return std::nullopt;
      people.insert(members->begin(), members->end());
    } else if (one.scheme().ends_with("-group")) {
      return std::nullopt;
    } else {
      people.insert(one);
    }
  }
  return people;
}

Status CheckNamed(const Rules& rules, const std::vector<Principal>& named,
                  const std::string& where) {
  for (const Principal& one : named) {
    if (one.scheme() == "group" && rules.FindGroup(one.name()) == nullptr) {
      return Fail(Code::kInvalid,
                  where + " names the unknown group '" + std::string(one.name()) + "'",
                  "define it with [[group]] name = \"" + std::string(one.name()) + "\"");
    }
  }
  return {};
}

Status CheckStep(const Rules& rules, const Policy& policy, size_t index) {
  const Step& step = policy.steps[index];
  const std::string where =
      "step " + std::to_string(index + 1) + " of policy '" + policy.name + "'";
  GRANT_CHECK(CheckNamed(rules, step.approvers, where));
  if (step.approvers.empty() || step.required == 0) {
    return Fail(Code::kInvalid, where + " needs approvers and a required count of at least 1",
                "give it approvers = [\"unix:NAME\", ...] and required = 1");
  }
  const auto people = Reachable(rules, step.approvers);
  if (people && people->size() < step.required) {
    return Fail(Code::kInvalid,
                where + " requires " + std::to_string(step.required) + " approvals, but only " +
                    std::to_string(people->size()) + " people can give one",
                "lower required or name more approvers");
  }
  return {};
}

Status CheckPolicy(const Rules& rules, const Policy& policy) {
  if (policy.steps.empty()) {
    return Fail(Code::kInvalid, "policy '" + policy.name + "' has no step",
                "add a [[policy.step]] with approvers");
  }
  if (!policy.max_window && !policy.max_signings) {
    return Fail(Code::kInvalid, "policy '" + policy.name + "' has no bound",
                "set max_window, max_signings or both");
  }
  for (size_t i = 0; i < policy.steps.size(); ++i) GRANT_CHECK(CheckStep(rules, policy, i));
  return {};
}

Status CheckSigner(const Rules& rules, const Signer& signer) {
  const std::string where = "signer '" + signer.name + "'";
  if (!signer.policy.empty() && rules.FindPolicy(signer.policy) == nullptr) {
    return Fail(Code::kInvalid, where + " names the unknown policy '" + signer.policy + "'",
                "define it with [[policy]], or leave policy out to let the users sign at once");
  }
  if (signer.users.empty()) {
    return Fail(Code::kInvalid, where + " has no users", "add users = [\"unix:NAME\"]");
  }
  return CheckNamed(rules, signer.users, where);
}

}  // namespace

const Group* Rules::FindGroup(std::string_view name) const {
  return FindByName(groups, name);
}
const Policy* Rules::FindPolicy(std::string_view name) const {
  return FindByName(policies, name);
}
const Signer* Rules::FindSigner(std::string_view name) const {
  return FindByName(signers, name);
}

bool Rules::Covers(const std::vector<Principal>& named, const Identity& caller) const {
  return std::any_of(named.begin(), named.end(), [&](const Principal& one) {
    if (one.scheme() != "group") return caller.Is(one);
    const Group* group = FindGroup(one.name());
    return group != nullptr &&
           std::any_of(group->members.begin(), group->members.end(),
                       [&](const Principal& member) { return caller.Is(member); });
  });
}

Status Validate(const Rules& rules) {
  GRANT_CHECK(CheckUnique(rules.groups, "group"));
  GRANT_CHECK(CheckUnique(rules.policies, "policy"));
  GRANT_CHECK(CheckUnique(rules.signers, "signer"));
  for (const Group& group : rules.groups) {
    for (const Principal& member : group.members) {
      if (member.scheme() == "group") {
        return Fail(Code::kInvalid,
                    "group '" + group.name + "' has the group '" + std::string(member.name()) +
                        "' as a member",
                    "groups do not nest: name its members instead");
      }
    }
  }
  for (const Policy& policy : rules.policies) GRANT_CHECK(CheckPolicy(rules, policy));
  std::set<std::string> keys;
  for (const Signer& signer : rules.signers) {
    GRANT_CHECK(CheckSigner(rules, signer));
    if (!keys.insert(signer.key).second) {
      return Fail(Code::kInvalid, "signer '" + signer.name + "' has the key of another signer",
                  "a key belongs to one signer: remove one of them");
    }
  }
  return {};
}

}  // namespace grant
