// Short ways to write principals, rules and requests in tests.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "grantd/domain/request.h"
#include "grantd/domain/rules.h"

namespace grant {

inline Principal P(const std::string& text) {
  return Principal::Parse(text).value();
}

inline std::vector<Principal> Ps(std::initializer_list<const char*> texts) {
  std::vector<Principal> principals;
  for (const char* text : texts) principals.push_back(P(text));
  return principals;
}

inline Identity Who(const std::string& user, std::initializer_list<const char*> groups = {}) {
  return Identity{P(user), Ps(groups)};
}

inline std::vector<Principal> NoGroups(const Principal&) {
  return {};
}

inline Time At(int64_t seconds) {
  return Time(std::chrono::seconds(1'800'000'000 + seconds));
}

inline Policy MakePolicy(std::vector<Step> steps) {
  Policy policy;
  policy.name = "release-signing";
  policy.max_window = std::chrono::hours(8);
  policy.max_signings = 10;
  policy.steps = std::move(steps);
  return policy;
}

// alice and the Unix group release use signer "release"; bob and carol are the group security; dave
// approves the second step; "open" is a signer without a policy.
inline Rules MakeRules() {
  Rules rules;
  rules.groups = {{"security", Ps({"unix:bob", "unix:carol"})}};
  rules.policies = {MakePolicy({{"Security review", Ps({"group:security"}), 1, false}})};
  Signer signer;
  signer.name = "release";
  signer.key = "pkcs11:token=prod;object=release-key";
  signer.policy = "release-signing";
  signer.users = Ps({"unix:alice", "unix-group:release"});
  Signer open;
  open.name = "open";
  open.key = "pkcs11:token=prod;object=open-key";
  open.users = Ps({"unix:alice"});
  rules.signers = {signer, open};
  return rules;
}

inline Wish MakeWish() {
  Wish wish;
  wish.signer = "release";
  wish.window.duration = std::chrono::hours(2);
  wish.signings = 3;
  wish.justification = "Release v2.4.0";
  return wish;
}

inline Grant MakeGrant(const std::string& id, uint32_t max_signings = 3) {
  Grant grant;
  grant.id = id;
  grant.request_id = "req_" + id;
  grant.signer = "release";
  grant.holder = P("unix:alice");
  grant.not_before = At(0);
  grant.not_after = At(3600);
  grant.max_signings = max_signings;
  return grant;
}

}  // namespace grant
