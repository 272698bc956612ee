// Requests: filing, finding, deciding.
#include <utility>

#include "grant/wipe.h"
#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/page.h"
#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"

namespace grant::api {
namespace {

// An error of a value's own parser, with the key that held the value.
template <typename T>
Result<T> Under(const ObjectReader& reader, std::string_view key, Result<T> parsed) {
  if (!parsed) parsed.error().message = "'" + reader.PathOf(key) + "': " + parsed.error().message;
  return parsed;
}

Result<std::optional<Time>> ReadTime(const ObjectReader& reader, std::string_view key) {
  if (!reader.Has(key)) return std::optional<Time>();
  GRANT_TRY(const std::string text, reader.Text(key));
  GRANT_TRY(const Time time, Under(reader, key, ParseTime(text)));
  return std::optional<Time>(time);
}

Result<Window> ReadWindow(const nlohmann::json& object) {
  GRANT_TRY(const ObjectReader reader,
            ObjectReader::Open(object, "window", {"duration", "from", "until"}));
  Window window;
  GRANT_TRY(window.from, ReadTime(reader, "from"));
  GRANT_TRY(window.until, ReadTime(reader, "until"));
  if (reader.Has("duration")) {
    GRANT_TRY(const std::string text, reader.Text("duration"));
    GRANT_TRY(window.duration, Under(reader, "duration", ParseDuration(text)));
  }
  return window;
}

Result<std::vector<Digest>> ReadDigests(const ObjectReader& reader) {
  std::vector<Digest> digests;
  if (!reader.Has("digests")) return digests;
  GRANT_TRY(const std::vector<std::string> texts, reader.Texts("digests"));
  for (const std::string& text : texts) {
    GRANT_TRY(Digest digest, Under(reader, "digests", Digest::Parse(text)));
    digests.push_back(std::move(digest));
  }
  return digests;
}

Result<Wish> ReadWish(const Call& call) {
  GRANT_TRY(const ObjectReader reader, ObjectReader::Open(call.body, "",
                                                          {"signer", "signings", "window",
                                                           "justification", "digests", "secret"}));
  Wish wish;
  GRANT_TRY(wish.signer, reader.Text("signer"));
  GRANT_TRY(const int64_t signings, reader.Integer("signings", 1, kSigningsMax));
  wish.signings = static_cast<uint32_t>(signings);
  GRANT_TRY(const nlohmann::json* window, reader.Object("window"));
  GRANT_TRY(wish.window, ReadWindow(*window));
  GRANT_TRY(wish.justification, reader.Text("justification"));
  GRANT_TRY(wish.digests, ReadDigests(reader));
  if (reader.Has("secret")) {
    GRANT_TRY(wish.with_secret, reader.Bool("secret"));
  }
  return wish;
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

HttpResponse Shown(const Services& services, const RequestView& view) {
  return Answer(RequestJson(view, services.workflow.now()));
}

using Decide = Result<RequestView> (Workflow::*)(const Identity&, const std::string&,
                                                 const std::string&);

Result<HttpResponse> WithComment(const Services& services, const Call& call, Decide decide) {
  GRANT_TRY(const std::string comment, ReadComment(call));
  GRANT_TRY(const RequestView view, (services.workflow.*decide)(call.caller(), call.name, comment));
  return Shown(services, view);
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
  GRANT_TRY(filter.before, ReadBefore(call, kRequestPrefix));
  GRANT_TRY(const auto views, services.workflow.ListRequests(call.caller(), filter));
  const Time now = services.workflow.now();
  return PageOf(
      views.size(), limit, [&](size_t i) { return RequestJson(views[i], now); },
      [&](size_t i) { return views[i].request.id; });
}

Result<HttpResponse> FileRequest(const Services& services, const Call& call) {
  GRANT_TRY(const Wish wish, ReadWish(call));
  GRANT_TRY(FiledRequest filed, services.workflow.File(call.caller(), wish));
  const WipeAtEnd wipe(filed.secret);
  HttpResponse response = Created(RequestJson(filed.view, services.workflow.now()));
  if (!filed.secret.empty()) AddSecret(response.body, filed.secret);
  return response;
}

Result<HttpResponse> ShowRequest(const Services& services, const Call& call) {
  GRANT_TRY(const RequestView view, services.workflow.FindRequest(call.caller(), call.name));
  return Shown(services, view);
}

Result<HttpResponse> ApproveRequest(const Services& services, const Call& call) {
  return WithComment(services, call, &Workflow::Approve);
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
  return Shown(services, view);
}

}  // namespace grant::api
