#include "grantd/workflow/visibility.h"

#include <algorithm>

#include "grantd/domain/id.h"

namespace grant {
namespace {

Result<std::string> OnlyOne(const std::vector<std::string>& ids, const std::string& prefix,
                            const Error& none) {
  if (ids.empty()) return tl::unexpected(none);
  if (ids.size() > 1) {
    return Fail(Code::kConflict, "several IDs begin with '" + prefix + "'",
                "give more of its characters");
  }
  return ids.front();
}

}  // namespace

Error NoSuchRequest(const std::string& id) {
  return {Code::kNotFound, "there is no request '" + id + "' that you may see",
          "grantctl request list"};
}

Error NoSuchGrant(const std::string& id) {
  return {Code::kNotFound, "there is no grant '" + id + "' that you may see",
          "grantctl grant list"};
}

bool ApprovesFor(const Policy& policy, const Rules& rules, const Identity& caller) {
  return std::any_of(policy.steps.begin(), policy.steps.end(),
                     [&](const Step& step) { return rules.Approves(step, caller); });
}

bool MaySee(const Request& request, const Rules& rules, const Identity& caller) {
  return caller.principal == request.requester || ApprovesFor(request.policy, rules, caller);
}

Request WithoutAuditors(Request request, const std::vector<Principal>& auditors) {
  if (request.status != RequestStatus::kOpen) return request;
  for (Step& step : request.policy.steps) {
    std::erase_if(step.approvers, [&](const Principal& approver) {
      return std::find(auditors.begin(), auditors.end(), approver) != auditors.end();
    });
  }
  return request;
}

bool Awaits(const Request& request, const Progress& progress, const Rules& rules,
            const Identity& caller, Time now) {
  if (request.status != RequestStatus::kOpen || IsOverdue(request, now)) return false;
  const auto decided = [&](const Decision& decision) {
    return decision.step == progress.step && decision.approver == caller.principal;
  };
  return MayApprove(request, progress.step, rules, caller) &&
         std::none_of(request.decisions.begin(), request.decisions.end(), decided);
}

Result<Request> RequestByPrefix(Tables& tables, const std::string& prefix) {
  if (!IsIdPrefix(kRequestPrefix, prefix))
    return tl::unexpected(NoSuchRequest(prefix.substr(0, 64)));
  GRANT_TRY(const auto ids, tables.RequestIdsLike(prefix, 2));
  GRANT_TRY(const std::string id, OnlyOne(ids, prefix, NoSuchRequest(prefix)));
  GRANT_TRY(auto request, tables.FindRequest(id));
  if (!request) return tl::unexpected(NoSuchRequest(prefix));
  return *std::move(request);
}

Result<Grant> GrantByPrefix(Tables& tables, const std::string& prefix) {
  if (!IsIdPrefix(kGrantPrefix, prefix)) return tl::unexpected(NoSuchGrant(prefix.substr(0, 64)));
  GRANT_TRY(const auto ids, tables.GrantIdsLike(prefix, 2));
  GRANT_TRY(const std::string id, OnlyOne(ids, prefix, NoSuchGrant(prefix)));
  GRANT_TRY(auto found, tables.FindGrant(id));
  if (!found) return tl::unexpected(NoSuchGrant(prefix));
  return *std::move(found);
}

}  // namespace grant
