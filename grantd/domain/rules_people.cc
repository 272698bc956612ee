// Whether the people that rules name are people that the user database knows.
#include <optional>
#include <set>
#include <vector>

#include "grantd/domain/rules.h"

namespace grant {
namespace {

using Kind = RulesFlaw::Kind;

class Census {
 public:
  explicit Census(const RulesLookups& lookups) : lookups_(lookups) {}

  Status Look(const std::vector<Principal>& named, const std::string& where) {
    for (const Principal& one : named) {
      if (one.scheme() == "unix") GRANT_CHECK(LookAt(one, where));
    }
    return {};
  }

 private:
  // One user may have several names, but only one of them is who the kernel's number stands for.
  Status LookAt(const Principal& one, const std::string& where) {
    if (!known_.insert(one).second) return {};
    GRANT_TRY(const auto canonical, lookups_.canonical_of(one));
    if (!canonical) {
      if (one.number()) return {};
      return Fail(Code::kInvalid,
                  where + " names " + one.text() + ", whom the user database does not know",
                  lookups_.nearest_to ? lookups_.nearest_to(one) : "getent passwd lists the users");
    }
    if (*canonical == one) return {};
    return Fail(Code::kInvalid,
                where + " names " + one.text() + ", whom grantd knows as " + canonical->text(),
                "write " + canonical->text());
  }

  const RulesLookups& lookups_;
  std::set<Principal> known_;
};

}  // namespace

std::optional<RulesFlaw> FindUnknownPerson(const Rules& rules, const RulesLookups& lookups) {
  if (!lookups.canonical_of) return std::nullopt;
  Census census(lookups);
  std::optional<RulesFlaw> flaw;
  const auto look = [&](Kind kind, size_t index, std::optional<size_t> step,
                        const std::vector<Principal>& named, const std::string& where) {
    if (flaw) return;
    Status status = census.Look(named, where);
    if (!status) flaw = RulesFlaw{kind, index, step, std::move(status.error())};
  };
  for (size_t i = 0; i < rules.users.size(); ++i) {
    look(Kind::kUser, i, std::nullopt, {rules.users[i].principal},
         "user '" + rules.users[i].principal.text() + "'");
  }
  for (size_t i = 0; i < rules.groups.size(); ++i) {
    look(Kind::kGroup, i, std::nullopt, rules.groups[i].members,
         "group '" + rules.groups[i].name + "'");
  }
  for (size_t i = 0; i < rules.policies.size(); ++i) {
    const Policy& policy = rules.policies[i];
    const std::string where = "policy '" + policy.name + "'";
    look(Kind::kPolicy, i, std::nullopt, policy.requesters, where);
    for (size_t step = 0; step < policy.steps.size(); ++step) {
      look(Kind::kPolicy, i, step, policy.steps[step].approvers,
           "step " + std::to_string(step + 1) + " of " + where);
    }
  }
  for (size_t i = 0; i < rules.signers.size(); ++i) {
    const std::string where = "signer '" + rules.signers[i].name + "'";
    look(Kind::kSigner, i, std::nullopt, rules.signers[i].users, where);
    look(Kind::kSigner, i, std::nullopt, rules.signers[i].requesters, where);
  }
  return flaw;
}

}  // namespace grant
