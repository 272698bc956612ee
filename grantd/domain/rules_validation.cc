#include <algorithm>
#include <set>

#include "grantd/domain/email_address.h"
#include "grantd/domain/reach.h"
#include "grantd/domain/rules.h"

namespace grant {
namespace {

using Kind = RulesFlaw::Kind;

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

// A machine that a group outside the rules brings along does not count, but is no fault of theirs.
Status CheckNoMachine(const Rules& rules, const Step& step, const std::string& where) {
  for (const Reached& reached : ReachOf(rules, step.approvers, {}).people) {
    if (!rules.IsMachine(reached.person)) continue;
    return Fail(Code::kInvalid,
                where + " names the machine " + reached.person.text() +
                    " as an approver, through " + reached.ways.front(),
                "machines approve nothing: name people");
  }
  return {};
}

std::string Counted(int64_t number, const char* one, const char* many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}

Status CheckCount(const Rules& rules, const Step& step, const std::string& where,
                  const RulesLookups& lookups) {
  const Reach reach = ReachOf(rules, step.approvers, lookups.members_of);
  const Reach auditing = ReachOf(rules, lookups.auditors, lookups.members_of);
  const auto people =
      std::count_if(reach.people.begin(), reach.people.end(), [&](const Reached& reached) {
        return !rules.IsMachine(reached.person) && !auditing.Holds(reached.person);
      });
  const bool countless =
      std::any_of(reach.unknown.begin(), reach.unknown.end(),
                  [&](const Principal& group) { return !auditing.Holds(group); });
  if (countless || people >= static_cast<int64_t>(step.required)) return {};
  return Fail(Code::kInvalid,
              where + " requires " + Counted(step.required, "approval", "approvals") +
                  ", but only " + Counted(people, "person", "people") + " can give one",
              "lower required or name more approvers");
}

Status CheckStep(const Rules& rules, const Policy& policy, size_t index,
                 const RulesLookups& lookups) {
  const Step& step = policy.steps[index];
  const std::string where =
      "step " + std::to_string(index + 1) + " of policy '" + policy.name + "'";
  GRANT_CHECK(CheckNamed(rules, step.approvers, where));
  if (step.approvers.empty() || step.required == 0) {
    return Fail(Code::kInvalid, where + " needs approvers and a required count of at least 1",
                "give it approvers = [\"unix:NAME\", ...] and required = 1");
  }
  GRANT_CHECK(CheckNoMachine(rules, step, where));
  return CheckCount(rules, step, where, lookups);
}

Status CheckBounds(const Policy& policy, const std::string& where) {
  const bool bounded = policy.max_window && policy.max_signings;
  if (bounded && policy.unbounded) {
    return Fail(Code::kInvalid, where + " has both bounds, and unbounded = true",
                "remove unbounded, or the bound that it is not to have");
  }
  if (bounded || policy.unbounded) return {};
  const std::string missing = policy.max_window ? "max_signings" : "max_window";
  return Fail(Code::kInvalid, where + " has no " + missing,
              "set " + missing + ", or unbounded = true to do without");
}

Status CheckHours(const Policy& policy, const std::string& where, const RulesLookups& lookups) {
  const WeeklyHours& hours = policy.hours;
  if (hours.Always() && hours.time_zone.empty()) return {};
  if (hours.Always()) {
    return Fail(Code::kInvalid, where + " has a time_zone, but no hours",
                "add hours = [\"Mon-Fri 08:00-18:00\"], or remove time_zone");
  }
  if (hours.spans.size() > kWeeklySpansMax) {
    return Fail(Code::kInvalid,
                where + " has more than " + std::to_string(kWeeklySpansMax) + " hours",
                "join some of them: Mon-Fri 08:00-18:00");
  }
  if (hours.time_zone.empty()) {
    return Fail(Code::kInvalid, where + " has hours, but no time_zone",
                "add time_zone = \"Europe/Berlin\", or \"UTC\"");
  }
  if (IsZoneName(hours.time_zone) && (!lookups.zone_of || lookups.zone_of(hours.time_zone))) {
    return {};
  }
  return Fail(Code::kInvalid, where + " names the unknown time zone '" + hours.time_zone + "'",
              "timedatectl list-timezones lists them; they are in the package tzdata");
}

Status CheckUser(const User& user) {
  const std::string where = "user '" + user.principal.text() + "'";
  if (user.principal.scheme().ends_with("group")) {
    return Fail(Code::kInvalid, where + " is a group",
                "name one user, as in unix:NAME; groups are [[group]]");
  }
  if (user.email.empty()) return {};
  if (const Status email = CheckEmailAddress(user.email); !email) {
    return Fail(Code::kInvalid, where + ": " + email.error().message, email.error().hint);
  }
  return {};
}

Status CheckGroup(const Group& group) {
  for (const Principal& member : group.members) {
    if (member.scheme() != "group") continue;
    return Fail(
        Code::kInvalid,
        "group '" + group.name + "' has the group '" + std::string(member.name()) + "' as a member",
        "groups do not nest: name its members instead");
  }
  return {};
}

Status CheckPolicy(const Rules& rules, const Policy& policy, const RulesLookups& lookups) {
  const std::string where = "policy '" + policy.name + "'";
  if (policy.steps.empty()) {
    return Fail(Code::kInvalid, where + " has no step", "add a [[policy.step]] with approvers");
  }
  GRANT_CHECK(CheckBounds(policy, where));
  GRANT_CHECK(CheckNamed(rules, policy.requesters, where));
  return CheckHours(policy, where, lookups);
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
  if (signer.policy.empty() && !signer.requesters.empty()) {
    return Fail(Code::kInvalid, where + " has requesters, but no policy: its users sign at once",
                "remove requesters, or give it a policy");
  }
  GRANT_CHECK(CheckNamed(rules, signer.users, where));
  return CheckNamed(rules, signer.requesters, where);
}

using Flaw = std::optional<RulesFlaw>;

// The first item whose name one before it has.
template <typename T, typename NameOf>
Flaw FindTwin(Kind kind, const std::vector<T>& items, const char* what, NameOf name_of) {
  std::set<std::string> seen;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string name = name_of(items[i]);
    if (seen.insert(name).second) continue;
    return RulesFlaw{kind, i, std::nullopt,
                     Error{Code::kInvalid, std::string(what) + " '" + name + "' is defined twice",
                           "rename or remove one of them"}};
  }
  return std::nullopt;
}

template <typename T, typename Check>
Flaw FindFaulty(Kind kind, const std::vector<T>& items, Check check) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (Status status = check(items[i]); !status) {
      return RulesFlaw{kind, i, std::nullopt, std::move(status.error())};
    }
  }
  return std::nullopt;
}

Flaw FindFaultyStep(const Rules& rules, const RulesLookups& lookups) {
  for (size_t i = 0; i < rules.policies.size(); ++i) {
    const Policy& policy = rules.policies[i];
    for (size_t step = 0; step < policy.steps.size(); ++step) {
      if (Status status = CheckStep(rules, policy, step, lookups); !status) {
        return RulesFlaw{Kind::kPolicy, i, step, std::move(status.error())};
      }
    }
  }
  return std::nullopt;
}

Flaw FindTwins(const Rules& rules) {
  const auto by_name = [](const auto& item) { return item.name; };
  Flaw flaw = FindTwin(Kind::kUser, rules.users, "user",
                       [](const User& user) { return user.principal.text(); });
  if (!flaw) flaw = FindTwin(Kind::kGroup, rules.groups, "group", by_name);
  if (!flaw) flaw = FindTwin(Kind::kPolicy, rules.policies, "policy", by_name);
  if (!flaw) flaw = FindTwin(Kind::kSigner, rules.signers, "signer", by_name);
  return flaw;
}

Flaw FindSharedKey(const Rules& rules) {
  std::set<std::string> keys;
  return FindFaulty(Kind::kSigner, rules.signers, [&](const Signer& signer) -> Status {
    if (keys.insert(signer.key).second) return {};
    return Fail(Code::kInvalid, "signer '" + signer.name + "' has the key of another signer",
                "a key belongs to one signer: remove one of them");
  });
}

}  // namespace

std::optional<RulesFlaw> FindFlaw(const Rules& rules, const RulesLookups& lookups) {
  Flaw flaw = FindTwins(rules);
  if (!flaw) flaw = FindFaulty(Kind::kUser, rules.users, CheckUser);
  if (!flaw) flaw = FindFaulty(Kind::kGroup, rules.groups, CheckGroup);
  if (!flaw) {
    flaw = FindFaulty(Kind::kPolicy, rules.policies,
                      [&](const Policy& policy) { return CheckPolicy(rules, policy, lookups); });
  }
  if (!flaw) flaw = FindFaultyStep(rules, lookups);
  if (!flaw) {
    flaw = FindFaulty(Kind::kSigner, rules.signers,
                      [&](const Signer& signer) { return CheckSigner(rules, signer); });
  }
  if (!flaw) flaw = FindSharedKey(rules);
  if (!flaw) flaw = FindUnknownPerson(rules, lookups);
  return flaw;
}

Status Validate(const Rules& rules, const RulesLookups& lookups) {
  if (auto flaw = FindFlaw(rules, lookups)) return tl::unexpected(std::move(flaw->error));
  return {};
}

}  // namespace grant
