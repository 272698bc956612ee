#include "grantd/domain/key_audit.h"

#include <algorithm>
#include <array>

namespace grant {
namespace {

// An attribute, the value of it that is a finding, and what is to be said then.
struct TraitRule {
  const char* name;
  std::optional<bool> KeyTraits::*trait;
  bool bad;
  Severity severity;
  const char* attribute;
  const char* what;
  const char* why;
};

constexpr std::array kTraitRules{
    TraitRule{"not-sensitive", &KeyTraits::sensitive, false, Severity::kCritical, "CKA_SENSITIVE",
              "the key's value can be read in the clear",
              "whoever reads it signs anywhere, without a grant"},
    TraitRule{"extractable", &KeyTraits::extractable, true, Severity::kCritical, "CKA_EXTRACTABLE",
              "the key can be wrapped and taken out of the token",
              "whoever has the copy signs anywhere, without a grant"},
    TraitRule{"was-extractable", &KeyTraits::never_extractable, false, Severity::kCritical,
              "CKA_NEVER_EXTRACTABLE", "the key could be taken out of the token at some time",
              "nobody can say that there is no copy, and a copy needs no grant"},
    TraitRule{"was-readable", &KeyTraits::always_sensitive, false, Severity::kCritical,
              "CKA_ALWAYS_SENSITIVE", "the key's value could be read in the clear at some time",
              "nobody can say that there is no copy, and a copy needs no grant"},
    TraitRule{"decrypt", &KeyTraits::decrypt, true, Severity::kCritical, "CKA_DECRYPT",
              "the key may decrypt",
              "a raw RSA decryption of a padded digest is a signature, which no grant counts"},
    TraitRule{"unwrap", &KeyTraits::unwrap, true, Severity::kCritical, "CKA_UNWRAP",
              "the key may unwrap other keys",
              "unwrapping a padded digest as a key that can be read makes a signature, which no "
              "grant counts"},
    TraitRule{"sign-recover", &KeyTraits::sign_recover, true, Severity::kCritical,
              "CKA_SIGN_RECOVER", "the key may sign with recovery",
              "that is a signature by another call, which no grant counts"},
    TraitRule{"derive", &KeyTraits::derive, true, Severity::kCritical, "CKA_DERIVE",
              "the key may derive others",
              "whoever chooses the points that it is multiplied with learns of the key, on tokens "
              "that do not check them the key itself"},
    TraitRule{"modifiable", &KeyTraits::modifiable, true, Severity::kWarning, "CKA_MODIFIABLE",
              "the key's attributes can be changed",
              "whoever has the PIN may let it decrypt later; grantd looks at the attributes anew "
              "and refuses then"},
    TraitRule{"copyable", &KeyTraits::copyable, true, Severity::kWarning, "CKA_COPYABLE",
              "the key can be copied on the token",
              "whoever has the PIN may make a copy with other attributes"},
    TraitRule{"destroyable", &KeyTraits::destroyable, true, Severity::kWarning, "CKA_DESTROYABLE",
              "the key can be destroyed", "whoever has the PIN may end all signing"},
    TraitRule{"any-mechanism", &KeyTraits::limits_mechanisms, false, Severity::kWarning,
              "CKA_ALLOWED_MECHANISMS", "the key may be used with every mechanism of its type",
              "a list on the token would hold where grantd's own is passed by"},
    TraitRule{"imported", &KeyTraits::local, false, Severity::kWarning, "CKA_LOCAL",
              "the key was not made on the token", "it has been somewhere else before"},
};

// The names of findings that key_exposure.cc makes.
constexpr std::array<std::string_view, 5> kOutsideNames{
    "token-readable", "pin-readable", "same-user", "other-module", "other-certificate"};

// Whether the use is one that RSA alone has a mechanism for, by which it comes to a signature.
bool IsOfRsaAlone(const TraitRule& rule) {
  return rule.trait == &KeyTraits::decrypt || rule.trait == &KeyTraits::unwrap ||
         rule.trait == &KeyTraits::sign_recover;
}

KeyFinding FindingOf(const TraitRule& rule, const KeyTraits& traits, const std::string& token) {
  KeyFinding finding{
      rule.name, rule.severity, std::string(rule.what) + " (" + rule.attribute + ")", rule.why, {}};
  const bool signature = traits.family == KeyFamily::kRsa || traits.family == KeyFamily::kOther;
  if (IsOfRsaAlone(rule) && !signature) {
    finding.severity = Severity::kWarning;
    finding.why =
        "a key of its type has no such mechanism that makes a signature; a key that only "
        "signs leaves no doubt";
  }
  if (rule.trait == &KeyTraits::derive && traits.family == KeyFamily::kRsa) {
    finding.severity = Severity::kWarning;
    finding.why = "RSA has no mechanism for it; a key that only signs leaves no doubt";
  }
  finding.hint = "have a new key made for signing alone: grantctl key generate --token " + token +
                 " --label NEW-LABEL --type TYPE";
  return finding;
}

KeyFinding Untold(const TraitRule& rule) {
  return {rule.name, Severity::kNote,
          std::string("the token does not say ") + rule.attribute + " of the key",
          "so nobody can tell whether " + std::string(rule.what),
          "look for it in the manual of the token"};
}

}  // namespace

const char* Name(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kCritical:
      break;
  }
  return "critical";
}

std::vector<KeyFinding> AuditKey(const KeyTraits& traits, const std::string& token) {
  std::vector<KeyFinding> findings;
  for (const TraitRule& rule : kTraitRules) {
    const std::optional<bool>& value = traits.*rule.trait;
    if (!value) {
      findings.push_back(Untold(rule));
    } else if (*value == rule.bad) {
      findings.push_back(FindingOf(rule, traits, token));
    }
  }
  SortBySeverity(findings);
  return findings;
}

std::span<const std::string_view> FindingNames() {
  static const auto names = [] {
    std::array<std::string_view, kTraitRules.size() + kOutsideNames.size()> all{};
    const auto outside =
        std::transform(kTraitRules.begin(), kTraitRules.end(), all.begin(),
                       [](const TraitRule& rule) { return std::string_view(rule.name); });
    std::copy(kOutsideNames.begin(), kOutsideNames.end(), outside);
    return all;
  }();
  return names;
}

bool IsAcknowledged(const KeyFinding& finding, const std::vector<std::string>& acknowledged) {
  return std::find(acknowledged.begin(), acknowledged.end(), finding.name) != acknowledged.end();
}

std::vector<KeyFinding> Unacknowledged(const std::vector<KeyFinding>& findings,
                                       const std::vector<std::string>& acknowledged) {
  std::vector<KeyFinding> standing;
  for (const KeyFinding& finding : findings) {
    if (finding.severity == Severity::kCritical && !IsAcknowledged(finding, acknowledged)) {
      standing.push_back(finding);
    }
  }
  return standing;
}

std::string NamesOf(const std::vector<KeyFinding>& findings) {
  std::string names;
  for (const KeyFinding& finding : findings) names += (names.empty() ? "" : ", ") + finding.name;
  return names;
}

std::string InOneLine(const std::vector<KeyFinding>& findings) {
  std::string line;
  for (const KeyFinding& finding : findings) {
    line += (line.empty() ? "" : "; ") + finding.name + ": " + finding.what;
  }
  return line;
}

void SortBySeverity(std::vector<KeyFinding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const KeyFinding& a, const KeyFinding& b) {
    return a.severity > b.severity;
  });
}

}  // namespace grant
