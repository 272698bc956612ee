// Going on with a database that is an older copy. Uses were counted after it, requests decided and
// grants revoked, and none of that can be known again. What nobody can use any more cannot be used
// once too often: so whatever the copy says is still to be used or decided ends here.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "grantd/store/newest_entry.h"
#include "grantd/workflow/audit_detail.h"
#include "grantd/workflow/workflow.h"

namespace grant {
namespace {

constexpr char kReason[] =
    "the database was restored from an older copy, so what happened since is not known";
constexpr size_t kAtOnce = 1000;

// Grants that ended before this cannot come to life again: grantd believed the clock there. Where
// the clock of now is behind it, this is what counts.
Result<Time> BelievedTime(Tables& tables, Time now) {
  GRANT_TRY(const auto spent, NewestEntry(tables, event::kSignatureSpent));
  return spent ? std::min(now, spent->event.at) : Time();
}

Status RevokeAll(Tables& tables, const Principal& by, Time at,
                 const std::function<Status(const Grant&)>& announce) {
  GRANT_TRY(const Time believed, BelievedTime(tables, at));
  std::string after;
  while (true) {
    GRANT_TRY(auto page, tables.UnendedGrants(believed, after, kAtOnce));
    if (page.empty()) return {};
    after = page.back().id;
    for (Grant& held : page) {
      GRANT_TRY(const Grant ended, Revoke(std::move(held), by, kReason, at));
      GRANT_CHECK(tables.RecordRevocation(ended));
      GRANT_CHECK(
          tables.AppendAudit({at, std::string(event::kGrantRevoked), by, ended.id, ended.signer,
                              Detail({{"reason", kReason},
                                      {"used", ended.used},
                                      {"max_signings", ended.max_signings}})}));
      GRANT_CHECK(announce(ended));
    }
  }
}

Status CancelAll(Tables& tables, const Principal& by, Time at,
                 const std::function<Status(const Request&)>& announce) {
  RequestFilter open;
  open.status = RequestStatus::kOpen;
  open.limit = kAtOnce;
  while (true) {
    GRANT_TRY(auto page, tables.ListRequests(open));
    if (page.empty()) return {};
    for (Request& request : page) {
      // Overdue ones, too, which Cancel() would leave to their expiry.
      request.status = RequestStatus::kCancelled;
      request.closed_reason = kReason;
      GRANT_CHECK(tables.UpdateRequest(request));
      GRANT_CHECK(tables.AppendAudit(
          EventOf(event::kRequestCancelled, request, by, at, Detail({{"comment", kReason}}))));
      GRANT_CHECK(announce(request));
    }
  }
}

}  // namespace

Status Workflow::EndAllUnended(Tables& tables, const Identity& caller, Time at) {
  const Principal& by = caller.principal;
  GRANT_CHECK(RevokeAll(tables, by, at, [&](const Grant& ended) {
    return AnnounceOutcome(tables, event::kGrantRevoked, ended.request_id, by, at);
  }));
  return CancelAll(tables, by, at, [&](const Request& request) {
    return AnnounceOutcome(tables, event::kRequestCancelled, request.id, by, at);
  });
}

Status Workflow::AcknowledgeAlarms(const Identity& caller, const std::string& reason) {
  GRANT_CHECK(RequireAdmin(caller));
  if (reason.empty() || reason.size() > kRevokeReasonBytesMax) {
    return Fail(Code::kInvalid,
                "a reason of 1 to " + std::to_string(kRevokeReasonBytesMax) + " bytes is needed",
                "say what was found and done");
  }
  GRANT_CHECK(surroundings_.acknowledge(
      caller.principal, reason,
      [this, &caller](Tables& tables, Time at) { return EndAllUnended(tables, caller, at); }));
  WakeNotifier();
  return {};
}

}  // namespace grant
