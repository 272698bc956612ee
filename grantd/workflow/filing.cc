// Filing requests: new ones, and those that were filed before.
#include <nlohmann/json.hpp>

#include "grant/wipe.h"
#include "grantd/domain/request_hours.h"
#include "grantd/failpoint.h"
#include "grantd/workflow/audit_detail.h"
#include "grantd/workflow/workflow.h"

namespace grant {
namespace {

using failpoint::Point;

// The request that the requester has filed under this key already.
Result<std::optional<Request>> FiledUnderKey(Tables& tables, const Identity& requester,
                                             const Wish& wish, const std::string& key) {
  if (key.empty()) return std::optional<Request>();
  GRANT_TRY(auto filed, tables.FindRequestByKey(requester.principal, key));
  if (filed && !IsRequester(*filed, requester)) {
    return Fail(Code::kConflict,
                "another user who was " + requester.principal.text() +
                    " then has filed a request with this Idempotency-Key",
                "send a new key");
  }
  if (filed && !AsksTheSame(wish, *filed)) {
    return Fail(Code::kConflict,
                "request " + filed->id + " was filed with this Idempotency-Key and other content",
                "send a new key for a new request");
  }
  return filed;
}

// One of the requester's open requests that asks for the same, unless another one is wanted. One
// that was filed under a key is for whoever knows the key, who may take it back.
Result<std::optional<Request>> StillOpen(Tables& tables, const Identity& requester,
                                         const Wish& wish, bool another, Time now,
                                         uint32_t open_max) {
  GRANT_TRY(auto open, tables.OpenRequestsOf(requester.principal, now, open_max));
  for (Request& request : open) {
    const bool repeated = !another && !request.idempotency_key && AsksTheSame(wish, request);
    if (repeated && IsRequester(request, requester)) {
      return std::optional<Request>(std::move(request));
    }
  }
  if (open.size() < open_max) return std::optional<Request>();
  return Fail(Code::kConflict,
              requester.principal.text() + " has " + std::to_string(open.size()) +
                  " open requests, and grantd takes no more of one requester",
              "take back what is not needed: grantctl request list --status open --requester " +
                  requester.principal.text());
}

}  // namespace

Status Workflow::FileNew(Tables& tables, const grant::Rules& rules, const Identity& caller,
                         const Wish& wish, const Filing& filing, Time at, FiledRequest& filed) {
  Request& request = filed.view.request;
  GRANT_TRY(auto before, FiledUnderKey(tables, caller, wish, filing.idempotency_key));
  if (!before) {
    GRANT_TRY(request, FileRequest(wish, rules, caller, at,
                                   MakeId(kRequestPrefix, at, surroundings_.entropy())));
    // A new key stands for a new request: were it answered with another one's, nothing would
    // remember the key.
    const bool another = filing.another || !filing.idempotency_key.empty();
    GRANT_TRY(before,
              StillOpen(tables, caller, wish, another, at, surroundings_.open_requests_max));
  }
  filed.existing = before.has_value();
  if (before) {
    request = *std::move(before);
    return {};
  }
  if (!filed.secret.empty()) request.secret_hash = HashOfGrantSecret(filed.secret);
  if (!filing.idempotency_key.empty()) request.idempotency_key = filing.idempotency_key;
  const bool bypass = BypassesApproval(request, rules);
  if (bypass) GRANT_CHECK(CheckMayGrant());
  GRANT_CHECK(CheckWindowMeetsHours(request, bypass, at, surroundings_.zone_of));
  GRANT_CHECK(tables.InsertRequest(request));
  GRANT_CHECK(tables.AppendAudit(
      EventOf(event::kRequestFiled, request, caller.principal, at, FilingDetail(request))));
  failpoint::Reach(Point::kFilingRecorded, 0, request.id);
  if (bypass) return GrantAtOnce(tables, at, request);
  return AnnounceStep(tables, event::kRequestFiled, request, 0, caller.principal, at);
}

Status Workflow::GrantAtOnce(Tables& tables, Time at, Request& request) {
  GRANT_TRY(const Principal self, Principal::Parse("grantd:self"));
  const Approval approval = ApproveByBypass(std::move(request), self, at,
                                            MakeId(kGrantPrefix, at, surroundings_.entropy()));
  request = approval.request;
  return StoreApproval(tables, approval,
                       Detail({{"bypass_machine_identities", request.policy.name},
                               {"comment", request.decisions.back().comment},
                               {"grant", approval.grant->id}}),
                       at);
}

Result<FiledRequest> Workflow::File(const Identity& caller, const Wish& wish,
                                    const Filing& filing) {
  GRANT_CHECK(RequireParticipant(caller));
  const Time at = now();
  FiledRequest filed;
  filed.view.as_of = at;
  if (wish.with_secret) {
    GRANT_TRY(SecretEntropy entropy, surroundings_.secret_entropy());
    filed.secret = MakeGrantSecret(entropy);
    Wipe(entropy);
  }
  grant::Rules rules;
  const Status written = store_.Write([&](Tables& tables) -> Status {
    GRANT_TRY(RulesVersion current, tables.CurrentRules());
    rules = std::move(current.rules);
    return FileNew(tables, rules, caller, wish, filing, at, filed);
  });
  if (!written || filed.existing) {
    Wipe(filed.secret);
    filed.secret.clear();
  }
  GRANT_CHECK(written);
  failpoint::Reach(Point::kFilingCommitted, 0, filed.view.request.id);
  KnownGroups groups;
  GRANT_CHECK(LookUpDeciders(surroundings_.groups_of, filed.view.request, groups));
  filed.view = ViewOf(std::move(filed.view.request), rules, at, GroupsIn(groups));
  if (!filed.existing) WakeNotifier();
  return filed;
}

}  // namespace grant
