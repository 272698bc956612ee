#include "grantd/keys/key_auditor.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "grantd/domain/reach.h"
#include "grantd/gate/key_traits.h"
#include "grantd/keys/public_key.h"
#include "grantd/workflow/lookups.h"

namespace grant {
namespace {

// Somebody of whom nobody can say who it is.
SystemUser Unknown() {
  return {"somebody of whom the user database has not told", 0, {}, true};
}

template <typename T>
bool IsPartOf(const std::vector<T>& some, const std::vector<T>& all) {
  return std::all_of(some.begin(), some.end(), [&](const T& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  });
}

// Whether the signer can do under its rules what it could not before.
bool Gains(const Signer& now, const Signer* before) {
  if (before == nullptr) return true;
  const bool same = now.key == before->key && now.certificate == before->certificate &&
                    now.acknowledged == before->acknowledged;
  // An empty list of mechanisms lists all.
  const bool mechanisms_stay =
      before->mechanisms.empty() ||
      (!now.mechanisms.empty() && IsPartOf(now.mechanisms, before->mechanisms));
  return !same || !mechanisms_stay || !IsPartOf(now.users, before->users);
}

std::string Quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

// All of them in one, each text once.
Error Together(const std::vector<Error>& errors) {
  Error all = errors.front();
  for (const Error& error : errors) {
    if (all.message.find(error.message) == std::string::npos) all.message += "; " + error.message;
    if (all.hint.find(error.hint) == std::string::npos) all.hint += "; " + error.hint;
  }
  return all;
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
std::string Hints(const std::string& signer, const std::vector<KeyFinding>& findings) {
  std::string hints;
  std::string names;
  for (const KeyFinding& finding : findings) {
    if (hints.find(finding.hint) == std::string::npos) hints += finding.hint + "; ";
    names += (names.empty() ? "\"" : ", \"") + finding.name + "\"";
  }
  return hints + "or accept what is so: acknowledge = [" + names + "] in the rules of signer '" +
         signer + "'";
}

}  // namespace

// The users of the signer whom the user database knows. Of those whom it does not have nobody can
// say what they may read, so for them the modes for everybody have to do.
Result<std::vector<SystemUser>> KeyAuditor::UsersOf(const Signer& signer, const Rules& rules,
                                                    Seen& seen) {
  std::vector<SystemUser> users;
  for (const Reached& reached : ReachOf(rules, signer.users, seen.members_of).people) {
    if (reached.person.scheme() != "unix") continue;
    GRANT_TRY(const auto found, users_.find(reached.person.name()));
    if (!found) continue;
    SystemUser user{reached.person.text(), found->uid, {}};
    for (const gid_t gid : users_.groups_of(*found)) user.gids.push_back(gid);
    users.push_back(std::move(user));
  }
  return users;
}

std::vector<KeyFinding> KeyAuditor::LookAround(const Signer& signer,
                                               const std::vector<SystemUser>& users, Seen& seen) {
  std::vector<KeyFinding> findings;
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

Around KeyAuditor::LookAround(const Rules& rules) {
  Seen seen{Remembering(users_.members_of), {}};
  Around around;
  for (const Signer& signer : rules.signers) {
    auto users = UsersOf(signer, rules, seen);
    if (!users) around.unanswered.emplace(signer.name, users.error());
    around.exposed[signer.name] =
        LookAround(signer, users ? *users : std::vector<SystemUser>{Unknown()}, seen);
  }
  return around;
}

ExposedKeys KeyAuditor::Suspect(const Rules& rules) {
  Seen seen;
  ExposedKeys exposed;
  for (const Signer& signer : rules.signers) {
    exposed[signer.name] = LookAround(signer, {Unknown()}, seen);
  }
  return exposed;
}

Result<std::vector<KeyFinding>> KeyAuditor::Examine(const Signer& signer, const Rules& rules) {
  Seen seen{users_.members_of, {}};
  GRANT_TRY(const auto users, UsersOf(signer, rules, seen));
  return Examine(signer, LookAround(signer, users, seen));
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

Status KeyAuditor::CheckGaining(const Signer& signer, const Rules& rules, Around& around) {
  GRANT_CHECK(keys_.CheckKey(signer, rules));
  if (const auto error = around.unanswered.find(signer.name); error != around.unanswered.end()) {
    return tl::unexpected(error->second);
  }
  GRANT_TRY(const auto findings, Examine(signer, std::move(around.exposed[signer.name])));
  const auto standing = Unacknowledged(findings, signer.acknowledged);
  if (standing.empty()) return {};
  return Fail(Code::kInvalid,
              "signer '" + signer.name + "' cannot be enabled: " + InOneLine(standing),
              Hints(signer.name, standing));
}

Result<std::vector<std::string>> KeyAuditor::CheckRules(const Rules& rules, const Rules& in_force) {
  Around around = LookAround(rules);
  std::vector<Error> refused;
  std::vector<std::string> stopped;
  std::vector<std::string> unseen;
  std::string why_unseen;
  for (const Signer& signer : rules.signers) {
    if (Gains(signer, in_force.FindSigner(signer.name))) {
      Status may = CheckGaining(signer, rules, around);
      if (!may) refused.push_back(std::move(may).error());
      continue;
    }
    const auto findings = Examine(signer, std::move(around.exposed[signer.name]));
    if (!findings) {
      unseen.push_back(signer.name);
      if (why_unseen.empty()) why_unseen = findings.error().message;
    } else if (!Unacknowledged(*findings, signer.acknowledged).empty()) {
      stopped.push_back(signer.name);
    }
  }
  if (!refused.empty()) return tl::unexpected(Together(refused));
  std::vector<std::string> warnings;
  if (!stopped.empty()) {
    warnings.push_back("critical findings stop the signers " + Quoted(stopped) +
                       ": grantctl signer check NAME tells which");
  }
  if (!unseen.empty()) {
    warnings.push_back("the keys of the signers " + Quoted(unseen) +
                       " were not looked at: " + why_unseen);
  }
  return warnings;
}

}  // namespace grant
