#include "grantd/domain/rules.h"

#include <algorithm>

namespace grant {
namespace {

template <typename T>
const T* FindByName(const std::vector<T>& items, std::string_view name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [name](const T& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

const char* Name(UserKind kind) {
  return kind == UserKind::kMachine ? "machine" : "person";
}

std::optional<UserKind> UserKindByName(std::string_view name) {
  for (const UserKind kind : {UserKind::kPerson, UserKind::kMachine}) {
    if (name == Name(kind)) return kind;
  }
  return std::nullopt;
}

const User* Rules::FindUser(const Principal& principal) const {
  const auto found = std::find_if(users.begin(), users.end(),
                                  [&](const User& user) { return user.principal == principal; });
  return found == users.end() ? nullptr : &*found;
}
const Group* Rules::FindGroup(std::string_view name) const {
  return FindByName(groups, name);
}
const Policy* Rules::FindPolicy(std::string_view name) const {
  return FindByName(policies, name);
}
const Signer* Rules::FindSigner(std::string_view name) const {
  return FindByName(signers, name);
}

bool Rules::Covers(const std::vector<Principal>& named, const Identity& caller) const {
  return std::any_of(named.begin(), named.end(), [&](const Principal& one) {
    if (one.scheme() != "group") return caller.Is(one);
    const Group* group = FindGroup(one.name());
    return group != nullptr &&
           std::any_of(group->members.begin(), group->members.end(),
                       [&](const Principal& member) { return caller.Is(member); });
  });
}

bool Rules::IsMachine(const Principal& principal) const {
  const User* user = FindUser(principal);
  return user != nullptr && user->kind == UserKind::kMachine;
}

bool Rules::Approves(const Step& step, const Identity& caller) const {
  return !IsMachine(caller.principal) && Covers(step.approvers, caller.AsPerson());
}

bool Rules::MayRequest(const Signer& signer, const Identity& who) const {
  const Identity caller = who.AsPerson();
  const Policy* policy = FindPolicy(signer.policy);
  if (!Covers(signer.users, caller)) return false;
  if (!signer.requesters.empty() && !Covers(signer.requesters, caller)) return false;
  return policy == nullptr || policy->requesters.empty() || Covers(policy->requesters, caller);
}

}  // namespace grant
