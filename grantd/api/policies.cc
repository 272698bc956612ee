// What a policy would make of a request.
#include <utility>

#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"
#include "grantd/api/wish.h"

namespace grant::api {
namespace {

struct Question {
  Wish wish;
  std::optional<Principal> as;
};

Result<Question> ReadQuestion(const Call& call) {
  GRANT_TRY(const ObjectReader reader,
            ObjectReader::Open(call.body, "",
                               {"signer", "as", "signings", "window", "justification", "digests",
                                "files", "scopes", "secret"}));
  Question question;
  GRANT_TRY(question.wish, ReadWish(reader, call.request.peer));
  if (reader.Has("justification")) {
    GRANT_TRY(question.wish.justification, reader.Text("justification"));
  }
  if (reader.Has("as")) {
    GRANT_TRY(const std::string text, reader.Text("as"));
    GRANT_TRY(Principal as, Under(reader, "as", Principal::Parse(text)));
    question.as = std::move(as);
  }
  return question;
}

Json RefusalJson(const Error& refusal) {
  return {{"code", CodeName(refusal.code)},
          {"detail", refusal.message},
          {"hint", refusal.hint.empty() ? Json() : Json(refusal.hint)}};
}

Json StepJson(const StepForecast& step) {
  Json approvers = Json::array();
  for (const Reached& reached : step.approvers) {
    approvers.push_back({{"principal", reached.person.text()}, {"via", reached.ways}});
  }
  Json left_out = Json::array();
  for (const LeftOut& one : step.left_out) {
    left_out.push_back({{"principal", one.person.text()}, {"reason", Name(one.reason)}});
  }
  return {{"name", step.name},
          {"required", step.required},
          {"approvers", std::move(approvers)},
          {"left_out", std::move(left_out)},
          {"unknown", TextsJson(step.unknown)},
          {"completable", step.completable()}};
}

Json ForecastJson(const Forecast& forecast) {
  Json steps = Json::array();
  for (const StepForecast& step : forecast.steps) steps.push_back(StepJson(step));
  return {{"signer", forecast.signer},
          {"policy", forecast.policy.empty() ? Json() : Json(forecast.policy)},
          {"as", forecast.requester.text()},
          {"machine", forecast.machine},
          {"outcome", forecast.outcome()},
          {"refusal", forecast.refusal ? RefusalJson(*forecast.refusal) : Json()},
          {"bypass", forecast.bypass},
          {"expires_at", forecast.expires_at ? Json(FormatTime(*forecast.expires_at)) : Json()},
          {"steps", std::move(steps)},
          {"hours", HoursJson(forecast.hours)}};
}

}  // namespace

Result<HttpResponse> TestPolicy(const Services& services, const Call& call) {
  GRANT_TRY(const Question question, ReadQuestion(call));
  GRANT_TRY(const Forecast forecast,
            services.workflow.TestPolicy(call.caller(), question.wish, question.as));
  return Answer(ForecastJson(forecast));
}

}  // namespace grant::api
