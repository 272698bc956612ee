// The key audit of signers: what their tokens say, and what there is to see around them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grantd/domain/rules.h"
#include "grantd/gate/key_directory.h"
#include "grantd/keys/exposure_reader.h"
#include "grantd/net/user_database.h"

namespace grant {

// The user database. Each may take its time.
struct UserSources {
  std::function<Result<std::optional<UnixUser>>(std::string_view name)> find = FindUnixUser;
  MembersOf members_of = UnixGroupMembers;
  std::function<std::vector<gid_t>(const UnixUser&)> groups_of = GroupIdsOf;
};

// What is to be seen around the keys of signers.
struct Around {
  ExposedKeys exposed;  // of each signer
  // Signers of whose users the user database did not tell all, and why. What is said of them is
  // the worst that may be.
  std::map<std::string, Error> unanswered;
};

// Any thread may call these. Each looks anew; the user database is asked unless it says otherwise.
class KeyAuditor {
 public:
  explicit KeyAuditor(KeyDirectory& keys, ExposureSources sources = {}, UserSources users = {})
      : keys_(keys), sources_(std::move(sources)), users_(std::move(users)) {}

  // What is to be seen around the key of each signer, which needs no word of its token.
  Around LookAround(const Rules& rules);
  // The same without the user database, quickly: each signer is taken to have users who may be
  // anybody but root and grantd's own.
  ExposedKeys Suspect(const Rules& rules);

  // All findings about the signer's key, the worst first; `around` are those of LookAround().
  // Errors: those of KeyDirectory::KeyOf.
  Result<std::vector<KeyFinding>> Examine(const Signer& signer, std::vector<KeyFinding> around);
  // The same, after a look around. Errors: kUnavailable, too, where the user database did not
  // answer.
  Result<std::vector<KeyFinding>> Examine(const Signer& signer, const Rules& rules);

  // Whether each signer that gets more than it has under the rules in force has its key, alone, and
  // no finding stands against it; one error names all for which it is not so, and says what to do.
  // A signer whose key, certificate and acknowledged findings stay, and which gets no user and no
  // mechanism, is not refused: to take something away must always be possible. The answer warns of
  // those of them that are stopped or could not be looked at.
  Result<std::vector<std::string>> CheckRules(const Rules& rules, const Rules& in_force);

 private:
  // Each is looked up once, however many signers there are.
  struct Seen {
    MembersOf members_of;
    std::map<Token*, TokenExposure> tokens;
  };
  Result<std::vector<SystemUser>> UsersOf(const Signer& signer, const Rules& rules, Seen& seen);
  std::vector<KeyFinding> LookAround(const Signer& signer, const std::vector<SystemUser>& users,
                                     Seen& seen);
  Status CheckGaining(const Signer& signer, const Rules& rules, Around& around);

  KeyDirectory& keys_;
  const ExposureSources sources_;
  const UserSources users_;
};

}  // namespace grant
