// What must hold after any sequence of operations: played at random against the pure core.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "grantd/domain/decide.h"
#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

const std::vector<std::string> kPeople = {"unix:alice", "unix:bob", "unix:carol", "unix:dave",
                                          "unix:erin"};

Identity AnyPerson() {
  return Who(*rc::gen::elementOf(kPeople));
}

Rules AnyRules() {
  Rules rules = MakeRules();
  std::vector<Step> steps;
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    Step step;
    step.name = "step";
    for (const std::string& person : kPeople) {
      if (*rc::gen::arbitrary<bool>()) step.approvers.push_back(P(person));
    }
    if (step.approvers.empty()) step.approvers.push_back(P("unix:bob"));
    step.required =
        *rc::gen::inRange<uint32_t>(1, static_cast<uint32_t>(step.approvers.size()) + 1);
    steps.push_back(step);
  }
  rules.policies[0] = MakePolicy(steps);
  rules.policies[0].self_approval = *rc::gen::arbitrary<bool>();
  return rules;
}

RC_GTEST_PROP(Request, NeverBecomesAGrantWithoutTheApprovalsItsPolicyDemands, ()) {
  const Rules rules = AnyRules();
  Request request = FileRequest(MakeWish(), rules, Who("unix:alice"), At(0), "req_1").value();
  std::vector<std::set<std::string>> approved(request.policy.steps.size());
  size_t step = 0;
  int grants = 0;
  for (int i = *rc::gen::inRange(0, 25); i > 0; --i) {
    const Identity who = AnyPerson();
    const Time now = At(*rc::gen::inRange(0, 90'000));
    const int action = *rc::gen::inRange(0, 12);
    if (action == 0) {
      if (auto next = Reject(request, rules, who, "", now, NoGroups)) request = *next;
      continue;
    }
    if (action == 1) {
      if (auto next = Cancel(request, who, false, "", now)) request = *next;
      continue;
    }
    if (action == 2) {
      if (IsOverdue(request, now)) request = Expire(request);
      continue;
    }
    const bool was_open = request.status == RequestStatus::kOpen;
    const auto approval = Approve(request, rules, who, "", now, NoGroups, "grt_1");
    if (!approval) continue;
    RC_ASSERT(was_open);
    RC_ASSERT(now < request.expires_at);
    RC_ASSERT(rules.policies[0].self_approval || who.principal != request.requester);
    RC_ASSERT(rules.Covers(request.policy.steps[step].approvers, who));
    RC_ASSERT(approved[step].insert(who.principal.text()).second);
    if (approved[step].size() == request.policy.steps[step].required) ++step;
    request = approval->request;
    RC_ASSERT(approval->grant.has_value() == (step == request.policy.steps.size()));
    if (approval->grant) ++grants;
  }
  RC_ASSERT(grants <= 1);
  RC_ASSERT((request.status == RequestStatus::kApproved) == (grants == 1));
}

RC_GTEST_PROP(Grant, IsNeverUsedTooOftenOrOutsideItsWindow, ()) {
  const Rules rules = MakeRules();
  const Signer& signer = rules.signers[0];
  std::vector<Grant> grants;
  for (int i = *rc::gen::inRange(1, 5); i > 0; --i) {
    Grant grant = MakeGrant("grt_" + std::to_string(i), *rc::gen::inRange<uint32_t>(1, 5));
    grant.not_before = At(*rc::gen::inRange(0, 500));
    grant.not_after = grant.not_before + std::chrono::seconds(*rc::gen::inRange(1, 500));
    grant.holder = P(*rc::gen::elementOf(std::vector<std::string>{"unix:alice", "unix:bob"}));
    grants.push_back(grant);
  }
  std::map<std::string, uint32_t> signatures;
  for (int i = *rc::gen::inRange(0, 60); i > 0; --i) {
    const Time now = At(*rc::gen::inRange(0, 1100));
    auto& target =
        grants[static_cast<size_t>(*rc::gen::inRange<int>(0, static_cast<int>(grants.size())))];
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
        if (auto revoked = Revoke(target, P("unix:bob"), "why", now)) target = *revoked;
        continue;
      case 1:
        if (signatures[target.id] > 0) {
          --signatures[target.id];
          target = GiveBack(target);
        }
        continue;
      default:
        break;
    }
    const Ruling ruling =
        Decide(Attempt{Who("unix:alice"), "RSA-PKCS", {}, ""}, signer, rules, grants, now, {});
    const auto* candidates = std::get_if<Candidates>(&ruling);
    bool usable_exists = false;
    for (const Grant& grant : grants) {
      usable_exists |= grant.holder == P("unix:alice") && Spend(grant, now).has_value();
    }
    RC_ASSERT((candidates != nullptr) == usable_exists);
    if (candidates == nullptr) continue;
    for (Grant& grant : grants) {
      if (grant.id != candidates->grant_ids.front()) continue;
      RC_ASSERT(grant.holder == P("unix:alice"));
      RC_ASSERT(!grant.revocation);
      RC_ASSERT(now >= grant.not_before && now < grant.not_after);
      const auto spent = Spend(grant, now);
      RC_ASSERT(spent.has_value());
      grant = *spent;
      ++signatures[grant.id];
    }
  }
  for (const Grant& grant : grants) {
    RC_ASSERT(signatures[grant.id] <= grant.max_signings);
    RC_ASSERT(grant.used == signatures[grant.id]);
  }
}

}  // namespace
}  // namespace grant
