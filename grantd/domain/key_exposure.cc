#include "grantd/domain/key_exposure.h"

#include <algorithm>
#include <limits>

namespace grant {
namespace {

constexpr uint32_t kRead = 4;
constexpr uint32_t kWrite = 2;
constexpr uint32_t kSearch = 1;

// The three bits that are for this user.
uint32_t RightsOf(const PathPart& part, const SystemUser& user) {
  if (part.uid == user.uid) return part.mode >> 6 & 7;
  const bool member = std::find(user.gids.begin(), user.gids.end(), part.gid) != user.gids.end();
  return (member ? part.mode >> 3 : part.mode) & 7;
}

// Somebody who owns nothing and is in no group.
SystemUser Anybody() {
  return {"everybody on the machine", std::numeric_limits<uint32_t>::max(), {}};
}

// With modes that give everybody what they give to anyone but root and grantd's user.
PathChain AtTheWorst(PathChain chain, uint32_t grantd) {
  for (PathPart& part : chain) {
    const bool owner_is_outside = part.uid != grantd && part.uid != 0;
    const uint32_t widest = part.mode | part.mode >> 3 | (owner_is_outside ? part.mode >> 6 : 0);
    part.mode = (part.mode & ~7U) | (widest & 7);
  }
  return chain;
}

// The first who may reach it; null where nobody may.
const SystemUser* FindReacher(const PathChain& chain, const std::vector<SystemUser>& users,
                              uint32_t grantd) {
  const auto found = std::find_if(users.begin(), users.end(), [&](const SystemUser& user) {
    return user.unknown ? MayReach(AtTheWorst(chain, grantd), Anybody()) : MayReach(chain, user);
  });
  return found == users.end() ? nullptr : &*found;
}

std::string Closing(const PathPart& part) {
  return "chown it to grantd's user, and: chmod " +
         std::string(part.directory ? "-R go-rwx " : "600 ") + part.path;
}

std::optional<KeyFinding> TokenReadable(const TokenExposure& exposure,
                                        const std::vector<SystemUser>& outsiders, uint32_t grantd) {
  for (const PathChain& chain : exposure.token_files) {
    const SystemUser* who = FindReacher(chain, outsiders, grantd);
    if (who == nullptr) continue;
    return KeyFinding{"token-readable", Severity::kCritical,
                      who->name + " can get at the token's files: " + chain.back().path,
                      "whoever has them and the PIN, or the patience to guess it, signs without a "
                      "grant",
                      Closing(chain.back()) +
                          "; but the wrap placement needs it as it is, so there: acknowledge = "
                          "[\"token-readable\"]"};
  }
  return std::nullopt;
}

std::optional<KeyFinding> PinReadable(const PathChain& pin_file,
                                      const std::vector<SystemUser>& outsiders, uint32_t grantd) {
  if (pin_file.empty()) return std::nullopt;
  const PathPart& file = pin_file.back();
  const SystemUser* who = FindReacher(pin_file, outsiders, grantd);
  const bool foreign = file.uid != grantd && file.uid != 0;
  if (who == nullptr && !foreign) return std::nullopt;
  return KeyFinding{
      "pin-readable", Severity::kCritical,
      who != nullptr ? who->name + " can get at the PIN file: " + file.path
                     : "the PIN file belongs to uid " + std::to_string(file.uid) + ": " + file.path,
      "whoever has the PIN and reaches the token signs without a grant", Closing(file)};
}

}  // namespace

bool MayReach(const PathChain& chain, const SystemUser& user) {
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    if ((RightsOf(chain[i], user) & kSearch) == 0) return false;
  }
  const uint32_t rights = RightsOf(chain.back(), user);
  if (!chain.back().directory) return (rights & (kRead | kWrite)) != 0;
  return (rights & (kWrite | kSearch)) == (kWrite | kSearch);
}

std::vector<KeyFinding> AuditExposure(const TokenExposure& exposure,
                                      const std::vector<SystemUser>& users, uint32_t grantd) {
  std::vector<KeyFinding> findings;
  std::vector<SystemUser> outsiders{Anybody()};
  for (const SystemUser& user : users) {
    if (user.unknown || (user.uid != grantd && user.uid != 0)) {
      outsiders.push_back(user);
      continue;
    }
    findings.push_back(
        {"same-user", Severity::kWarning,
         user.name + (user.uid == 0 ? " has the uid 0" : " is the user of grantd itself"),
         "they read token and PIN whatever the modes of the files, so grants bind "
         "them by their good will alone",
         "run grantd as a user of its own, and name other users in the signer's "
         "users"});
    break;
  }
  if (auto finding = TokenReadable(exposure, outsiders, grantd))
    findings.push_back(*std::move(finding));
  if (auto finding = PinReadable(exposure.pin_file, outsiders, grantd)) {
    findings.push_back(*std::move(finding));
  }
  for (const OtherModule& other : exposure.other_modules) {
    findings.push_back({"other-module", Severity::kWarning,
                        other.registration + " registers the token's own module (" + other.module +
                            ") for every program on the machine",
                        "programs come to the token past grantd, and stop at its files and PIN "
                        "alone",
                        "remove it, or put a file of the same name into /etc/pkcs11/modules that "
                        "says: enable-in: nothing"});
  }
  SortBySeverity(findings);
  return findings;
}

}  // namespace grant
