// The rules in force: who belongs to which group, which policies exist, which keys they guard.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/principal.h"
#include "grantd/domain/time.h"
#include "grantd/domain/weekly_hours.h"

namespace grant {

struct Group {
  std::string name;
  std::vector<Principal> members;  // no "group:" among them: groups do not nest
  bool operator==(const Group&) const = default;
};

enum class UserKind { kPerson, kMachine };
const char* Name(UserKind kind);  // "person"
std::optional<UserKind> UserKindByName(std::string_view name);

// What the rules say of somebody beyond the name. Whoever is not among the users is a person.
struct User {
  Principal principal;  // no group
  UserKind kind = UserKind::kPerson;
  std::string email;  // as in email_address.h; may be empty
  bool operator==(const User&) const = default;
};

struct Step {
  std::string name;
  std::vector<Principal> approvers;
  uint32_t required = 1;  // approvals by distinct approvers
  bool notify = false;
  bool operator==(const Step&) const = default;
};

struct Policy {
  std::string name;
  std::optional<Duration> max_window;
  std::optional<uint32_t> max_signings;
  bool unbounded = false;  // wanted where max_window or max_signings is missing
  Duration max_request_ttl = std::chrono::hours(24);
  bool self_approval = true;
  bool bypass_machine_identities = false;  // a machine's request is approved at once
  uint32_t min_justification = 0;          // characters, blanks around it not counted
  WeeklyHours hours;                       // in which signatures may be made
  std::vector<Principal> requesters;       // who of its signers' users may ask; empty: all of them
  std::vector<Step> steps;                 // in order; at least one
  bool operator==(const Policy&) const = default;
};

struct Signer {
  std::string name;
  std::string key;                        // the PKCS#11 URI as written
  std::string certificate;                // PEM, one or more; may be empty
  std::string policy;                     // empty: signing needs no request
  std::vector<Principal> users;           // who may hold grants, or sign where there is no policy
  std::vector<Principal> requesters;      // who of them may ask for grants; empty: all of them
  std::vector<std::string> mechanisms;    // allow-list by name; empty allows all
  std::vector<std::string> acknowledged;  // findings of the key audit accepted by name
  bool operator==(const Signer&) const = default;
};

// Groups that a principal belongs to outside the rules, for somebody who is not the caller.
using GroupsOf = std::function<std::vector<Principal>(const Principal&)>;
// The same asked of the user database, which may be slow, or not answer (kUnavailable): that is not
// the answer that somebody belongs to no group.
using GroupLookup = std::function<Result<std::vector<Principal>>(const Principal&)>;
// Who "unix:alice", "unix:#1234" or another name of that user is to grantd: the one principal that
// its number stands for. Nothing where there is no such user; an error where the user database does
// not answer.
using CanonicalOf = std::function<Result<std::optional<Principal>>(const Principal&)>;
// Who belongs to a group outside the rules; empty where nobody can say.
using MembersOf = std::function<std::vector<Principal>(const Principal& group)>;

inline constexpr uint32_t kMinJustificationMax = 1000;

struct Rules {
  std::vector<User> users;
  std::vector<Group> groups;
  std::vector<Policy> policies;
  std::vector<Signer> signers;
  bool operator==(const Rules&) const = default;

  const User* FindUser(const Principal& principal) const;
  const Group* FindGroup(std::string_view name) const;
  const Policy* FindPolicy(std::string_view name) const;
  const Signer* FindSigner(std::string_view name) const;

  // Whether any of `named` (users, Unix groups, groups of these rules) covers the caller.
  bool Covers(const std::vector<Principal>& named, const Identity& caller) const;
  bool IsMachine(const Principal& principal) const;
  // Whether the caller is among the step's approvers. A machine never is, whatever names it.
  bool Approves(const Step& step, const Identity& caller) const;
  // Whether the caller may ask for a grant: a user of the signer, and one of its requesters and of
  // the policy's, where they have any.
  bool MayRequest(const Signer& signer, const Identity& who) const;
};

// What the check of rules needs to know from outside. Where one of the lookups is empty, groups
// outside the rules count as people without number, and every name of the right form as a time
// zone.
struct RulesLookups {
  MembersOf members_of;
  ZoneOf zone_of;
  std::vector<Principal> auditors = {};  // who approve nothing
  CanonicalOf canonical_of = {};         // without it, every user is known
  // A hint for somebody unknown: "did you mean 'unix:alice'?".
  std::function<std::string(const Principal&)> nearest_to = {};
};

// What is wrong with rules, and where: the place in the list of users, groups, policies or signers.
struct RulesFlaw {
  enum class Kind { kUser, kGroup, kPolicy, kSigner };
  Kind kind;
  size_t index;
  std::optional<size_t> step;  // of a policy
  Error error;
};

// Checks what no single line shows: duplicate and unknown names, a policy without steps or bounds,
// a step that nobody can complete, a machine as approver, a signer without users, two signers of
// one key.
std::optional<RulesFlaw> FindFlaw(const Rules& rules, const RulesLookups& lookups = {});
// The part of it that asks about people: users that the user database does not know, or knows by
// another name, so that whatever is said of them would never hold. A number without a name may be
// named. kUnavailable where the user database does not answer.
std::optional<RulesFlaw> FindUnknownPerson(const Rules& rules, const RulesLookups& lookups);
Status Validate(const Rules& rules, const RulesLookups& lookups = {});

// The difference between two rule sets for a person, one line each: "+ policy release-signing",
// "~ signer release: users: unix:alice -> unix:alice, unix:bob". Empty where nothing changed.
std::vector<std::string> Difference(const Rules& before, const Rules& after);

}  // namespace grant
