// Requests: filing, finding, deciding.
#include <utility>

#include "grant/wipe.h"
#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/page.h"
#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"
#include "grantd/api/wish.h"

namespace grant::api {
namespace {

Result<Filing> ReadFiling(const ObjectReader& reader, const HttpRequest& request) {
  Filing filing;
  if (request.idempotency_key) {
    GRANT_CHECK(CheckIdempotencyKey(*request.idempotency_key));
    filing.idempotency_key = *request.idempotency_key;
  }
  if (reader.Has("new")) {
    GRANT_TRY(filing.another, reader.Bool("new"));
  }
  return filing;
}

Result<Narrowing> ReadNarrowing(const ObjectReader& reader) {
  Narrowing narrowing;
  if (reader.Has("signings")) {
    GRANT_TRY(const int64_t signings, reader.Integer("signings", 1, kSigningsMax));
    narrowing.signings = static_cast<uint32_t>(signings);
  }
  if (reader.Has("window")) {
    GRANT_TRY(const std::string text, reader.Text("window"));
    GRANT_TRY(narrowing.window, Under(reader, "window", ParseDuration(text)));
  }
  return narrowing;
}

Result<std::string> ReadComment(const Call& call) {
  GRANT_TRY(const ObjectReader reader, ObjectReader::Open(call.body, "", {"comment"}));
  return reader.Has("comment") ? reader.Text("comment") : std::string();
}

// As the last member of the object. The secret goes into the text itself, and into memory that was
// reserved for it: a serializer, or a text that grows, would leave copies of it behind.
void AddSecret(std::string& object, const std::string& secret) {
  static constexpr std::string_view kKey = R"(,"secret":")";
  object.pop_back();
  object.reserve(object.size() + kKey.size() + secret.size() + 2);
  object.append(kKey).append(secret).append("\"}");
}

HttpResponse Shown(const RequestView& view) {
  return Answer(RequestJson(view, view.as_of));
}

// The tag leaves the hours out: they change with the time of day, not with the request.
HttpResponse ShownTagged(const RequestView& view) {
  Json json = RequestJson(view, view.as_of);
  HttpResponse answer = Answer(json);
  json.erase("hours");
  answer.etag = AnswerTagged(json).etag;
  return answer;
}

// That the request is still what the call's If-Match names.
Demand<RequestView> Unchanged(const Call& call) {
  if (!call.if_match.given()) return {};
  return [&call](const RequestView& view, Time) {
    return call.if_match.Check(ShownTagged(view).etag, "request " + view.request.id,
                               "grantctl request show " + view.request.id);
  };
}

using Decide = Result<RequestView> (Workflow::*)(const Identity&, const std::string&,
                                                 const std::string&, const Demand<RequestView>&);

Result<HttpResponse> WithComment(const Services& services, const Call& call, Decide decide) {
  GRANT_TRY(const std::string comment, ReadComment(call));
  GRANT_TRY(const RequestView view,
            (services.workflow.*decide)(call.caller(), call.name, comment, Unchanged(call)));
  return Shown(view);
}

}  // namespace

Result<HttpResponse> ListRequests(const Services& services, const Call& call) {
  RequestFilter filter;
  GRANT_TRY(const size_t limit, ReadLimit(call));
  filter.limit = limit + 1;
  GRANT_TRY(const auto status, ReadQuery(call, "status"));
  if (status) {
    filter.status = RequestStatusByName(*status);
    if (!filter.status) {
      return tl::unexpected(
          UnknownName("status", *status, {"open", "approved", "rejected", "cancelled", "expired"}));
    }
  }
  GRANT_TRY(filter.signer, ReadQuery(call, "signer"));
  GRANT_TRY(filter.requester, ReadPrincipal(call, "requester"));
  GRANT_TRY(filter.before, ReadCursor(call));
  GRANT_TRY(filter.since, ReadInstant(call, "since"));
  GRANT_TRY(const auto awaiting, ReadQuery(call, "awaiting"));
  if (awaiting && *awaiting != "me") {
    return tl::unexpected(UnknownName("value of 'awaiting'", *awaiting, {"me"}));
  }
  GRANT_TRY(const auto views,
            services.workflow.ListRequests(call.caller(), filter, awaiting.has_value()));
  return PageOf(
      call, views.size(), limit, [&](size_t i) { return RequestJson(views[i], views[i].as_of); },
      [&](size_t i) { return views[i].request.id; });
}

Result<HttpResponse> FileRequest(const Services& services, const Call& call) {
  GRANT_TRY(const ObjectReader reader,
            ObjectReader::Open(call.body, "",
                               {"signer", "signings", "window", "justification", "digests", "files",
                                "scopes", "secret", "new"}));
  GRANT_TRY(Wish wish, ReadWish(reader, call.request.peer));
  GRANT_TRY(wish.justification, reader.Text("justification"));
  GRANT_TRY(const Filing filing, ReadFiling(reader, call.request));
  GRANT_TRY(FiledRequest filed, services.workflow.File(call.caller(), wish, filing));
  const WipeAtEnd wipe(filed.secret);
  Json json = RequestJson(filed.view, filed.view.as_of);
  json["existing"] = filed.existing;
  HttpResponse response = filed.existing ? Answer(json) : Created(json);
  if (!filed.secret.empty()) AddSecret(response.body, filed.secret);
  return response;
}

Result<HttpResponse> ShowRequest(const Services& services, const Call& call) {
  GRANT_TRY(const RequestView view, services.workflow.FindRequest(call.caller(), call.name));
  return ShownTagged(view);
}

Result<HttpResponse> ApproveRequest(const Services& services, const Call& call) {
  GRANT_TRY(const ObjectReader reader,
            ObjectReader::Open(call.body, "", {"comment", "signings", "window"}));
  const std::string none;
  GRANT_TRY(const std::string comment, reader.Has("comment") ? reader.Text("comment") : none);
  GRANT_TRY(const Narrowing narrowing, ReadNarrowing(reader));
  GRANT_TRY(const RequestView view, services.workflow.Approve(call.caller(), call.name, comment,
                                                              narrowing, Unchanged(call)));
  return Shown(view);
}

Result<HttpResponse> RejectRequest(const Services& services, const Call& call) {
  return WithComment(services, call, &Workflow::Reject);
}

Result<HttpResponse> CancelRequest(const Services& services, const Call& call) {
  return WithComment(services, call, &Workflow::Cancel);
}

Result<HttpResponse> CommentOnRequest(const Services& services, const Call& call) {
  GRANT_TRY(const ObjectReader reader, ObjectReader::Open(call.body, "", {"text"}));
  GRANT_TRY(const std::string text, reader.Text("text"));
  GRANT_TRY(const RequestView view, services.workflow.AddComment(call.caller(), call.name, text));
  return Shown(view);
}

}  // namespace grant::api
