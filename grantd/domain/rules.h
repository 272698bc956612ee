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

namespace grant {

struct Group {
  std::string name;
  std::vector<Principal> members;  // no "group:" among them: groups do not nest
  bool operator==(const Group&) const = default;
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
  Duration max_request_ttl = std::chrono::hours(24);
  bool self_approval = true;
  bool bypass_machine_identities = false;
  std::vector<Step> steps;  // in order; at least one
  bool operator==(const Policy&) const = default;
};

struct Signer {
  std::string name;
  std::string key;                        // the PKCS#11 URI as written
  std::string certificate;                // PEM, one or more; may be empty
  std::string policy;                     // empty: signing needs no request
  std::vector<Principal> users;           // who may request, or sign where there is no policy
  std::vector<std::string> mechanisms;    // allow-list by name; empty allows all
  std::vector<std::string> acknowledged;  // findings of the key audit accepted by name
  bool operator==(const Signer&) const = default;
};

// Groups that a principal belongs to outside the rules, asked for somebody who is not the caller.
using GroupsOf = std::function<std::vector<Principal>(const Principal&)>;

struct Rules {
  std::vector<Group> groups;
  std::vector<Policy> policies;
  std::vector<Signer> signers;
  bool operator==(const Rules&) const = default;

  const Group* FindGroup(std::string_view name) const;
  const Policy* FindPolicy(std::string_view name) const;
  const Signer* FindSigner(std::string_view name) const;

  // Whether any of `named` (users, Unix groups, groups of these rules) covers the caller.
  bool Covers(const std::vector<Principal>& named, const Identity& caller) const;
};

// Checks what no single line shows: duplicate and unknown names, a policy without steps or bounds,
// a step that nobody can complete, a signer without users, two signers of one key.
Status Validate(const Rules& rules);

// The difference between two rule sets for a person, one line each: "+ policy release-signing",
// "~ signer release: users: unix:alice -> unix:alice, unix:bob". Empty where nothing changed.
std::vector<std::string> Difference(const Rules& before, const Rules& after);

}  // namespace grant
