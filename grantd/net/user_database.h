// Names and groups from the system's user database (NSS).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/principal.h"

namespace grant {

// "unix:alice"; "unix:#1234" where the uid has no name, or none that a principal can have. Where
// the database does not answer, that is an error (kUnavailable): nobody may become somebody else by
// it. Any thread.
Result<Principal> UserPrincipal(uid_t uid);
// The same for a group, by its number where the database does not answer: that covers less.
Principal UnixGroupPrincipal(gid_t gid);

struct UnixUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

// By name or by "#1234". Nothing where the database has no such user; kUnavailable where it does
// not answer. Any thread.
Result<std::optional<UnixUser>> FindUnixUser(std::string_view name);

// Who a uid is now, by the user database alone: its name, and the groups that the database lists,
// none where it has no name. kUnavailable where the database does not answer. Any thread.
Result<Identity> LiveIdentity(uid_t uid);

// Who "unix:alice" or "unix:#1234" is to grantd: the principal of that user's number. Nothing where
// the database has no such user, or `named` is none; kUnavailable where it does not answer.
Result<std::optional<Principal>> CanonicalUser(const Principal& named);

// The names that the database lists, as principals, no more than kUsersReadMax. It may take its
// time, and directories may list nobody. Any thread.
std::vector<std::string> UnixUserNames();
inline constexpr size_t kUsersReadMax = 100'000;

// The primary and the supplementary groups of a user. Any thread.
std::vector<gid_t> GroupIdsOf(const UnixUser& user);

// The principals of `gids`, each once, in order of their numbers.
std::vector<Principal> UnixGroupPrincipals(std::vector<gid_t> gids);

inline constexpr size_t kGroupMembersMax = 1000;

// The users whose primary or supplementary group this is, by name, each once and no more than
// kGroupMembersMax; none where `group` is no "unix-group:" that the database knows. It reads the
// whole list of users, which may take its time. Any thread.
std::vector<Principal> UnixGroupMembers(const Principal& group);

}  // namespace grant
