// Who is left to decide on a request.
#include <algorithm>

#include "grantd/domain/request.h"

namespace grant {
namespace {

class Deciders {
 public:
  Deciders(const Request& request, size_t step, const Rules& rules,
           const std::vector<Principal>& auditors)
      : request_(request), step_(step), rules_(rules), auditors_(auditors) {}

  std::vector<Principal> Find() {
    for (const Principal& named : request_.policy.steps[step_].approvers) {
      if (named.scheme() != "group") {
        Consider(named);
      } else if (const Group* group = rules_.FindGroup(named.name())) {
        for (const Principal& member : group->members) Consider(member);
      }
    }
    return std::move(found_);
  }

 private:
  void Consider(const Principal& one) {
    if (found_.size() < kDecidersNamedMax && !IsIn(found_, one) && !IsIn(auditors_, one) &&
        (one.scheme().ends_with("-group") || CanApprove(one))) {
      found_.push_back(one);
    }
  }

  bool CanApprove(const Principal& person) const {
    const Identity identity{person, {}};
    return MayApprove(request_, step_, rules_, identity) && !HasDecided(request_, step_, identity);
  }

  static bool IsIn(const std::vector<Principal>& list, const Principal& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
  }

  const Request& request_;
  size_t step_;
  const Rules& rules_;
  const std::vector<Principal>& auditors_;
  std::vector<Principal> found_;
};

}  // namespace

std::vector<std::vector<Principal>> WhoCanApprove(const Request& request, const Progress& progress,
                                                  const Rules& rules,
                                                  const std::vector<Principal>& auditors) {
  const std::vector<Step>& steps = request.policy.steps;
  std::vector<std::vector<Principal>> deciders(steps.size());
  if (request.status != RequestStatus::kOpen) return deciders;
  for (size_t step = 0; step < steps.size(); ++step) {
    if (progress.approved[step].size() >= steps[step].required) continue;
    deciders[step] = Deciders(request, step, rules, auditors).Find();
  }
  return deciders;
}

}  // namespace grant
