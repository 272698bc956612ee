#include "grantd/workflow/visibility.h"

#include <algorithm>

#include "grantd/domain/id.h"

namespace grant {
namespace {

constexpr size_t kIdShownBytesMax = 64;

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
  return IsRequester(request, caller) || ApprovesFor(request.policy, rules, caller);
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
  return MayApprove(request, progress.step, rules, caller) &&
         !HasDecided(request, progress.step, caller);
}

Result<std::optional<Sight>> SightOf(Tables& tables, const Rules& rules, const Viewer& viewer) {
  if (viewer.overseer) return std::optional<Sight>();
  Sight sight{viewer.identity.principal, viewer.identity.uid, {}};
  GRANT_TRY(const auto filed, tables.FiledPolicies());
  for (const FiledPolicy& one : filed) {
    if (ApprovesFor(one.policy, rules, viewer.identity)) sight.policies.push_back(one.number);
  }
  return std::optional<Sight>(std::move(sight));
}

Result<Request> VisibleRequest(Tables& tables, const Rules& rules, const Viewer& viewer,
                               const std::string& id) {
  const Error none = NoSuchRequest(id.substr(0, kIdShownBytesMax));
  if (!IsIdPrefix(kRequestPrefix, id)) return tl::unexpected(none);
  GRANT_TRY(auto request, tables.FindRequest(id));
  if (!request) {
    GRANT_TRY(const auto sight, SightOf(tables, rules, viewer));
    GRANT_TRY(const auto ids, tables.RequestIdsLike(id, 2, sight));
    GRANT_TRY(const std::string whole, OnlyOne(ids, id, none));
    GRANT_TRY(request, tables.FindRequest(whole));
  }
  if (!request) return tl::unexpected(none);
  if (!viewer.overseer && !MaySee(*request, rules, viewer.identity)) return tl::unexpected(none);
  return *std::move(request);
}

Result<Grant> VisibleGrant(Tables& tables, const Rules& rules, const Viewer& viewer,
                           const std::string& id) {
  const Error none = NoSuchGrant(id.substr(0, kIdShownBytesMax));
  if (!IsIdPrefix(kGrantPrefix, id)) return tl::unexpected(none);
  GRANT_TRY(auto held, tables.FindGrant(id));
  if (!held) {
    GRANT_TRY(const auto sight, SightOf(tables, rules, viewer));
    GRANT_TRY(const auto ids, tables.GrantIdsLike(id, 2, sight));
    GRANT_TRY(const std::string whole, OnlyOne(ids, id, none));
    GRANT_TRY(held, tables.FindGrant(whole));
  }
  if (!held) return tl::unexpected(none);
  if (viewer.overseer || IsHolder(*held, viewer.identity)) return *std::move(held);
  GRANT_TRY(const auto request, tables.FindRequest(held->request_id));
  if (!request || !ApprovesFor(request->policy, rules, viewer.identity)) {
    return tl::unexpected(none);
  }
  return *std::move(held);
}

}  // namespace grant
