// Grants: what they allow, what became of them, and their end.
#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/page.h"
#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"

namespace grant::api {
namespace {

Json WholeGrantJson(const GrantView& view, Time now) {
  Json json = GrantJson(view.grant, now);
  json["files"] = FilesJson(view.files);
  json["uses"] = UsesJson(view.uses);
  return json;
}

// That the grant is still what the call's If-Match names.
Demand<GrantView> Unchanged(const Call& call) {
  if (!call.if_match.given()) return {};
  return [&call](const GrantView& view, Time at) {
    return call.if_match.Check(AnswerTagged(WholeGrantJson(view, at)).etag,
                               "grant " + view.grant.id, "grantctl grant show " + view.grant.id);
  };
}

}  // namespace

Result<HttpResponse> ListGrants(const Services& services, const Call& call) {
  GrantFilter filter;
  GRANT_TRY(const size_t limit, ReadLimit(call));
  filter.limit = limit + 1;
  std::optional<GrantStatus> status;
  GRANT_TRY(const auto status_name, ReadQuery(call, "status"));
  if (status_name) {
    status = GrantStatusByName(*status_name);
    if (!status) {
      return tl::unexpected(
          UnknownName("status", *status_name,
                      {"pending", "active", "exhausted", "expired", "revoked", "released"}));
    }
  }
  GRANT_TRY(filter.signer, ReadQuery(call, "signer"));
  GRANT_TRY(filter.holder, ReadPrincipal(call, "holder"));
  GRANT_TRY(filter.since, ReadInstant(call, "since"));
  GRANT_TRY(filter.before, ReadCursor(call));
  GRANT_TRY(const auto views, services.workflow.ListGrants(call.caller(), filter, status));
  const Time now = services.workflow.now();
  return PageOf(
      call, views.size(), limit, [&](size_t i) { return GrantJson(views[i].grant, now); },
      [&](size_t i) { return views[i].grant.id; });
}

Result<HttpResponse> ShowGrant(const Services& services, const Call& call) {
  GRANT_TRY(const GrantView view, services.workflow.FindGrant(call.caller(), call.name));
  return AnswerTagged(WholeGrantJson(view, services.workflow.now()));
}

Result<HttpResponse> RevokeGrant(const Services& services, const Call& call) {
  GRANT_TRY(const ObjectReader reader, ObjectReader::Open(call.body, "", {"reason"}));
  GRANT_TRY(const std::string reason, reader.Text("reason"));
  GRANT_TRY(const GrantView view,
            services.workflow.Revoke(call.caller(), call.name, reason, Unchanged(call)));
  return Answer(GrantJson(view.grant, services.workflow.now()));
}

Result<HttpResponse> ReleaseGrant(const Services& services, const Call& call) {
  GRANT_TRY(const ObjectReader reader, ObjectReader::Open(call.body, "", {"reason"}));
  const std::string none;
  GRANT_TRY(const std::string reason, reader.Has("reason") ? reader.Text("reason") : none);
  GRANT_TRY(const GrantView view,
            services.workflow.Release(call.caller(), call.name, reason, Unchanged(call)));
  Json json = GrantJson(view.grant, services.workflow.now());
  json["uses"] = UsesJson(view.uses);
  return Answer(json);
}

}  // namespace grant::api
