#include <algorithm>
#include <nlohmann/json.hpp>

#include "grantd/domain/rules_warnings.h"
#include "grantd/failpoint.h"
#include "grantd/workflow/audit_detail.h"
#include "grantd/workflow/lookups.h"
#include "grantd/workflow/visibility.h"
#include "grantd/workflow/workflow.h"

namespace grant {
namespace {

using failpoint::Point;

// Whoever approved a request had the signer's key in mind: it must not become another key under a
// request or a grant that is still alive.
Status CheckKeyMayChange(Tables& tables, const Signer& before, const Rules& after, Time now) {
  const Signer* signer = after.FindSigner(before.name);
  if (signer != nullptr && signer->key == before.key) return {};
  GRANT_TRY(const auto grants, tables.LiveGrantsOfSigner(before.name, now, 1));
  if (!grants.empty()) {
    return Fail(Code::kConflict,
                "signer '" + before.name + "' has live grants, so its key cannot change",
                "grantctl grant revoke " + grants.front().id + " --reason '...'");
  }
  RequestFilter open;
  open.signer = before.name;
  open.status = RequestStatus::kOpen;
  open.limit = 1;
  GRANT_TRY(const auto requests, tables.ListRequests(open));
  if (!requests.empty()) {
    return Fail(Code::kConflict,
                "signer '" + before.name + "' has open requests, so its key cannot change",
                "grantctl request cancel " + requests.front().id);
  }
  return {};
}

}  // namespace

RulesLookups Workflow::LookupsForRules() const {
  RulesLookups lookups{Remembering(surroundings_.members_of), surroundings_.zone_of,
                       surroundings_.auditors};
  lookups.canonical_of = surroundings_.canonical_of;
  lookups.nearest_to = surroundings_.nearest_to;
  return lookups;
}

Result<RulesHealth> Workflow::ExamineRules(const Identity& caller) {
  GRANT_TRY(const RulesVersion current, Rules(caller));
  RulesHealth health{current.version, current.applied_at, std::nullopt, {}};
  const RulesLookups lookups = LookupsForRules();
  Status valid = Validate(current.rules, lookups);
  if (!valid) {
    health.fault = std::move(valid.error());
  } else if (auto sound = surroundings_.check_keys(current.rules, {}); !sound) {
    health.fault = std::move(sound.error());
  }
  for (std::string& warning :
       WarningsAbout(current.rules, surroundings_.auditors, lookups.members_of)) {
    health.findings.push_back({std::move(warning), "grantctl apply -f FILE puts others in force"});
  }
  for (RulesFinding& finding : FindingsAboutNotifying(current.rules, surroundings_.channels,
                                                      surroundings_.auditors, lookups.members_of)) {
    health.findings.push_back(std::move(finding));
  }
  return health;
}

Result<RulesChange> Workflow::ApplyRules(const Identity& caller, const grant::Rules& rules,
                                         bool dry_run, const Demand<RulesVersion>& demand) {
  GRANT_CHECK(RequireAdmin(caller));
  const RulesLookups lookups = LookupsForRules();
  GRANT_CHECK(Validate(rules, lookups));
  GRANT_TRY(const RulesVersion before, Rules(caller));
  RulesChange change;
  // Slow, so not part of the transaction. Where somebody else applies rules meanwhile, a signer may
  // come back unchecked; what its key does not allow is refused at each signature anyway.
  GRANT_TRY(change.warnings, surroundings_.check_keys(rules, before.rules));
  for (std::string& warning : WarningsAbout(rules, surroundings_.auditors, lookups.members_of)) {
    change.warnings.push_back(std::move(warning));
  }
  for (const RulesFinding& finding : FindingsAboutNotifying(
           rules, surroundings_.channels, surroundings_.auditors, lookups.members_of)) {
    change.warnings.push_back(finding.detail);
  }
  const auto work = [&](Tables& tables) -> Status {
    GRANT_TRY(const RulesVersion current, tables.CurrentRules());
    if (demand) GRANT_CHECK(demand(current, now()));
    change.version = current.version;
    change.changes = Difference(current.rules, rules);
    for (const Signer& signer : current.rules.signers) {
      GRANT_CHECK(CheckKeyMayChange(tables, signer, rules, now()));
    }
    if (dry_run || change.changes.empty()) return {};
    GRANT_TRY(change.version, tables.AppendRules(rules, caller.principal, now()));
    GRANT_CHECK(tables.AppendAudit({now(), std::string(event::kRulesApplied), caller.principal,
                                    "rules/" + std::to_string(change.version), "",
                                    Detail({{"changes", change.changes}})}));
    change.applied = true;
    failpoint::Reach(Point::kRulesRecorded);
    return {};
  };
  GRANT_CHECK(dry_run ? store_.Read(work) : store_.Write(work));
  if (change.applied) failpoint::Reach(Point::kRulesCommitted);
  return change;
}

Result<grant::Rules> Workflow::VisibleRules(const Identity& caller) {
  RulesVersion current;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(current, tables.CurrentRules());
    return {};
  }));
  const grant::Rules& all = current.rules;
  if (SeesAll(caller)) return all;
  grant::Rules visible;
  const auto concerns = [&](const Policy& policy) {
    return ApprovesFor(policy, all, caller) ||
           std::any_of(all.signers.begin(), all.signers.end(), [&](const Signer& signer) {
             return signer.policy == policy.name && all.Covers(signer.users, caller);
           });
  };
  for (const Policy& policy : all.policies) {
    if (concerns(policy)) visible.policies.push_back(policy);
  }
  for (const Signer& signer : all.signers) {
    const Policy* policy = all.FindPolicy(signer.policy);
    if (all.Covers(signer.users, caller) ||
        (policy != nullptr && ApprovesFor(*policy, all, caller))) {
      visible.signers.push_back(signer);
    }
  }
  return visible;
}

}  // namespace grant
