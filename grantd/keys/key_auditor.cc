#include "grantd/keys/key_auditor.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "grantd/domain/reach.h"
#include "grantd/gate/key_traits.h"
#include "grantd/keys/public_key.h"
#include "grantd/net/user_database.h"
#include "grantd/workflow/lookups.h"

namespace grant {
namespace {

// The users of the signer whom the user database knows. Of the others nobody can say what they may
// read, so for them the modes for everybody have to do.
std::vector<SystemUser> UsersOf(const Signer& signer, const Rules& rules,
                                const MembersOf& members_of) {
  std::vector<SystemUser> users;
  for (const Reached& reached : ReachOf(rules, signer.users, members_of).people) {
    if (reached.person.scheme() != "unix") continue;
    const auto found = FindUnixUser(reached.person.name());
    if (!found || !*found) continue;
    SystemUser user{reached.person.text(), (*found)->uid, {}};
    for (const gid_t gid : GroupIdsOf(**found)) user.gids.push_back(gid);
    users.push_back(std::move(user));
  }
  return users;
}

std::optional<KeyFinding> OtherCertificate(const Signer& signer, const NamedKey& named) {
  if (signer.certificate.empty()) return std::nullopt;
  const auto key = PublicKeyOf(named);
  if (!key) return std::nullopt;
  const auto same = IsOfKey(signer.certificate, *key);
  if (!same || *same) return std::nullopt;
  return KeyFinding{"other-certificate", Severity::kWarning,
                    "the certificate in the rules is of another key",
                    "whatever is signed does not verify with it",
                    "grantctl signer certificate " + signer.name + " --file CHAIN.pem"};
}

// What mends each of them, and how to live with all of them.
std::string Hints(const std::vector<KeyFinding>& findings) {
  std::string hints;
  std::string names;
  for (const KeyFinding& finding : findings) {
    if (hints.find(finding.hint) == std::string::npos) hints += finding.hint + "; ";
    names += (names.empty() ? "\"" : ", \"") + finding.name + "\"";
  }
  return hints + "or accept what is so: acknowledge = [" + names + "] in the signer's rules";
}

}  // namespace

std::vector<KeyFinding> KeyAuditor::LookAround(const Signer& signer, const Rules& rules,
                                               Seen& seen) {
  std::vector<KeyFinding> findings;
  const std::vector<SystemUser> users = UsersOf(signer, rules, seen.members_of);
  for (Token* token : keys_.TokensOf(signer)) {
    auto exposure = seen.tokens.find(token);
    if (exposure == seen.tokens.end()) {
      exposure = seen.tokens.emplace(token, ReadExposure(token->settings(), sources_)).first;
    }
    auto more = AuditExposure(exposure->second, users, geteuid());
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  }
  SortBySeverity(findings);
  return findings;
}

ExposedKeys KeyAuditor::LookAround(const Rules& rules) {
  Seen seen{Remembering(UnixGroupMembers), {}};
  ExposedKeys exposed;
  for (const Signer& signer : rules.signers) {
    exposed[signer.name] = LookAround(signer, rules, seen);
  }
  return exposed;
}

Result<std::vector<KeyFinding>> KeyAuditor::Examine(const Signer& signer, const Rules& rules) {
  Seen seen{UnixGroupMembers, {}};
  return Examine(signer, LookAround(signer, rules, seen));
}

Result<std::vector<KeyFinding>> KeyAuditor::Examine(const Signer& signer,
                                                    std::vector<KeyFinding> around) {
  GRANT_TRY(const NamedKey named, keys_.KeyOf(signer));
  std::vector<KeyFinding> findings = AuditKey(TraitsOf(*named.key), named.token->settings().name);
  std::move(around.begin(), around.end(), std::back_inserter(findings));
  if (auto finding = OtherCertificate(signer, named)) findings.push_back(*std::move(finding));
  SortBySeverity(findings);
  return findings;
}

Status KeyAuditor::CheckRules(const Rules& rules) {
  GRANT_CHECK(keys_.CheckKeys(rules));
  ExposedKeys around = LookAround(rules);
  for (const Signer& signer : rules.signers) {
    GRANT_TRY(const auto findings, Examine(signer, std::move(around[signer.name])));
    const auto standing = Unacknowledged(findings, signer.acknowledged);
    if (standing.empty()) continue;
    return Fail(Code::kInvalid,
                "signer '" + signer.name + "' cannot be enabled: " + InOneLine(standing),
                Hints(standing));
  }
  return {};
}

}  // namespace grant
