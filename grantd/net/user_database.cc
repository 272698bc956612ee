#include "grantd/net/user_database.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <mutex>

namespace grant {
namespace {

constexpr size_t kBufferBytes = 4096;
constexpr size_t kBufferBytesMax = size_t{4} << 20;  // a group may list very many members
constexpr size_t kUsersReadMax = 100'000;
constexpr int kUserGroupsMax = 65536;  // NGROUPS_MAX of Linux

// kUnknown: the database says that there is no such record. kFailed: it does not answer.
enum class Answer { kFound, kUnknown, kFailed };

// Calls one of the get..._r functions with as much memory as it asks for. `use` gets the record,
// which points into that memory.
template <typename Record, typename Lookup, typename Use>
Answer WithRecord(const Lookup& lookup, const Use& use) {
  for (size_t bytes = kBufferBytes; bytes <= kBufferBytesMax; bytes *= 4) {
    std::vector<char> buffer(bytes);
    Record record{};
    Record* found = nullptr;
    int error = 0;
    do {
      error = lookup(&record, buffer.data(), buffer.size(), &found);
    } while (error == EINTR);
    if (error == ERANGE) continue;
    if (found != nullptr) {
      use(*found);
      return Answer::kFound;
    }
    // The values that getpwuid_r(3) names for "not found", of those that cannot mean trouble.
    const bool unknown = error == 0 || error == ENOENT || error == ESRCH;
    return unknown ? Answer::kUnknown : Answer::kFailed;
  }
  return Answer::kFailed;
}

// A name that starts with # would pass for a number.
Principal NamedOrNumbered(std::string_view scheme, const std::string& name, uint64_t number) {
  if (!name.starts_with('#')) {
    if (auto named = Principal::Parse(fmt::format("{}:{}", scheme, name))) return *named;
  }
  return *Principal::Parse(fmt::format("{}:#{}", scheme, number));
}

std::optional<uid_t> ParseNumber(std::string_view text) {
  uid_t uid = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, uid);
  if (error != std::errc() || rest != end) return std::nullopt;
  return uid;
}

struct GroupRecord {
  gid_t gid = 0;
  std::vector<std::string> names;  // of its supplementary members
};

std::optional<GroupRecord> FindGroup(std::string_view name) {
  GroupRecord record;
  const auto use = [&record](const group& found) {
    record.gid = found.gr_gid;
    for (char** one = found.gr_mem; *one != nullptr; ++one) record.names.emplace_back(*one);
  };
  Answer answer = Answer::kUnknown;
  if (name.starts_with('#')) {
    const auto gid = ParseNumber(name.substr(1));
    if (!gid) return std::nullopt;
    answer = WithRecord<group>(
        [gid](group* result, char* buffer, size_t bytes, group** found) {
          return getgrgid_r(*gid, result, buffer, bytes, found);
        },
        use);
  } else {
    const std::string text(name);
    answer = WithRecord<group>(
        [&text](group* result, char* buffer, size_t bytes, group** found) {
          return getgrnam_r(text.c_str(), result, buffer, bytes, found);
        },
        use);
  }
  if (answer != Answer::kFound) return std::nullopt;
  return record;
}

template <typename Use>
void ForEachUser(const Use& use) {
  std::vector<char> buffer(size_t{64} << 10);
  passwd record{};
  passwd* found = nullptr;
  // The list has one place at which it is read, for the whole process.
  static std::mutex one_reader;
  const std::lock_guard lock(one_reader);
  setpwent();
  for (size_t read = 0; read < kUsersReadMax; ++read) {
    if (getpwent_r(&record, buffer.data(), buffer.size(), &found) != 0) break;
    use(record);
  }
  endpwent();
}

// The names of those whose primary group this is, which the group's record does not list.
std::vector<std::string> PrimaryMembers(gid_t gid) {
  std::vector<std::string> names;
  ForEachUser([&](const passwd& user) {
    if (user.pw_gid == gid) names.emplace_back(user.pw_name);
  });
  return names;
}

tl::unexpected<Error> NoAnswer(const std::string& about) {
  return Fail(Code::kUnavailable, "cannot look up " + about + ": the user database does not answer",
              "try again; see getent passwd on the machine of grantd");
}

}  // namespace

Result<Principal> UserPrincipal(uid_t uid) {
  std::string name;
  const Answer answer = WithRecord<passwd>(
      [uid](passwd* record, char* buffer, size_t bytes, passwd** found) {
        return getpwuid_r(uid, record, buffer, bytes, found);
      },
      [&name](const passwd& user) { name = user.pw_name; });
  if (answer == Answer::kFailed) return NoAnswer(fmt::format("uid {}", uid));
  return NamedOrNumbered("unix", name, uid);
}

Principal UnixGroupPrincipal(gid_t gid) {
  std::string name;
  WithRecord<group>([gid](group* record, char* buffer, size_t bytes,
                          group** found) { return getgrgid_r(gid, record, buffer, bytes, found); },
                    [&name](const group& one) { name = one.gr_name; });
  return NamedOrNumbered("unix-group", name, gid);
}

Result<std::optional<UnixUser>> FindUnixUser(std::string_view name) {
  UnixUser user;
  const auto use = [&user](const passwd& found) {
    user = {found.pw_uid, found.pw_gid, found.pw_name};
  };
  Answer answer = Answer::kUnknown;
  if (!name.starts_with('#')) {
    const std::string text(name);
    answer = WithRecord<passwd>(
        [&text](passwd* record, char* buffer, size_t bytes, passwd** result) {
          return getpwnam_r(text.c_str(), record, buffer, bytes, result);
        },
        use);
  } else if (const auto uid = ParseNumber(name.substr(1))) {
    answer = WithRecord<passwd>(
        [uid](passwd* record, char* buffer, size_t bytes, passwd** result) {
          return getpwuid_r(*uid, record, buffer, bytes, result);
        },
        use);
  }
  if (answer == Answer::kFailed) return NoAnswer("user '" + std::string(name) + "'");
  if (answer == Answer::kUnknown) return std::optional<UnixUser>();
  return std::optional<UnixUser>(std::move(user));
}

Result<Identity> LiveIdentity(uid_t uid) {
  GRANT_TRY(const auto user, FindUnixUser(fmt::format("#{}", uid)));
  Identity identity{NamedOrNumbered("unix", user ? user->name : "", uid), {}, uid};
  if (user && !identity.principal.number()) {
    identity.groups = UnixGroupPrincipals(GroupIdsOf(*user));
  }
  return identity;
}

Result<std::optional<Principal>> CanonicalUser(const Principal& named) {
  if (named.scheme() != "unix") return std::optional<Principal>();
  GRANT_TRY(const auto user, FindUnixUser(named.name()));
  if (!user) return std::optional<Principal>();
  GRANT_TRY(Principal canonical, UserPrincipal(user->uid));
  return std::optional<Principal>(std::move(canonical));
}

std::vector<std::string> UnixUserNames() {
  std::vector<std::string> names;
  ForEachUser([&](const passwd& user) {
    if (auto named = Principal::Parse(fmt::format("unix:{}", user.pw_name))) {
      names.push_back(named->text());
    }
  });
  return names;
}

std::vector<gid_t> GroupIdsOf(const UnixUser& user) {
  std::vector<gid_t> gids(64);
  while (true) {
    int count = static_cast<int>(gids.size());
    if (getgrouplist(user.name.c_str(), user.gid, gids.data(), &count) >= 0) {
      gids.resize(static_cast<size_t>(count));
      return gids;
    }
    if (gids.size() >= kUserGroupsMax) return {user.gid};
    gids.resize(std::min<size_t>(gids.size() * 4, kUserGroupsMax));
  }
}

std::vector<Principal> UnixGroupPrincipals(std::vector<gid_t> gids) {
  std::sort(gids.begin(), gids.end());
  gids.erase(std::unique(gids.begin(), gids.end()), gids.end());
  std::vector<Principal> principals(gids.size());
  std::transform(gids.begin(), gids.end(), principals.begin(), UnixGroupPrincipal);
  return principals;
}

std::vector<Principal> UnixGroupMembers(const Principal& group) {
  std::vector<Principal> members;
  if (group.scheme() != "unix-group") return members;
  const std::optional<GroupRecord> record = FindGroup(group.name());
  if (!record) return members;
  std::vector<std::string> names = record->names;
  for (std::string& name : PrimaryMembers(record->gid)) names.push_back(std::move(name));
  for (const std::string& name : names) {
    if (members.size() == kGroupMembersMax) break;
    auto member = Principal::Parse("unix:" + name);
    if (!member || std::find(members.begin(), members.end(), *member) != members.end()) continue;
    members.push_back(*std::move(member));
  }
  return members;
}

}  // namespace grant
