// Whether a key is made for signing under grants and nothing else: rules that turn what its token
// says of it into findings. No I/O. What the attributes mean: PKCS#11 3.0 Base Specification, 4.9.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace grant {

// kCritical: there is a way to a signature, or to the key itself, past every grant. kNote: the
// token does not say.
enum class Severity { kNote, kWarning, kCritical };
const char* Name(Severity severity);  // "warning"

// One thing that is not as it should be. `name` is what the rules acknowledge it by.
struct KeyFinding {
  std::string name;
  Severity severity = Severity::kNote;
  std::string what;  // "the key may decrypt (CKA_DECRYPT)"
  std::string why;   // why it matters
  std::string hint;  // the command or setting that mends it
};

enum class KeyFamily { kRsa, kEc, kEdwards, kOther };

// The attributes of a private key that matter; nothing where its token does not tell.
struct KeyTraits {
  KeyFamily family = KeyFamily::kOther;
  std::optional<bool> sensitive;
  std::optional<bool> extractable;
  std::optional<bool> decrypt;
  std::optional<bool> unwrap;
  std::optional<bool> derive;
  std::optional<bool> sign_recover;
  std::optional<bool> modifiable;
  std::optional<bool> copyable;
  std::optional<bool> destroyable;
  std::optional<bool> never_extractable;
  std::optional<bool> always_sensitive;
  std::optional<bool> local;
  std::optional<bool> limits_mechanisms;  // has a list in CKA_ALLOWED_MECHANISMS
};

// The worst first. `token` is the name that grantd.toml gives the key's token.
std::vector<KeyFinding> AuditKey(const KeyTraits& traits, const std::string& token);

// Every name that a finding can have, those about the world around the key (key_exposure.h) among
// them.
std::span<const std::string_view> FindingNames();

bool IsAcknowledged(const KeyFinding& finding, const std::vector<std::string>& acknowledged);

// The critical ones that are not acknowledged: as long as there are any, the signer is not enabled.
std::vector<KeyFinding> Unacknowledged(const std::vector<KeyFinding>& findings,
                                       const std::vector<std::string>& acknowledged);

// "decrypt, unwrap": what may be said to people who are not to know more.
std::string NamesOf(const std::vector<KeyFinding>& findings);

// "decrypt: the key may decrypt (CKA_DECRYPT); ...".
std::string InOneLine(const std::vector<KeyFinding>& findings);

void SortBySeverity(std::vector<KeyFinding>& findings);

}  // namespace grant
