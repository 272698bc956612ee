// The seal, and PINs that administrators type in.
#include "grantd/seal/seal.h"

#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/page.h"
#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"

namespace grant::api {
namespace {

const char* SourceName(PinSource source) {
  switch (source) {
    case PinSource::kFile:
      return "file";
    case PinSource::kCredential:
      return "credential";
    case PinSource::kTyped:
      break;
  }
  return "unseal";
}

HttpResponse StateAnswer(const Seal& seal) {
  const SealState state = seal.state();
  Json tokens = Json::array();
  for (const SealedTokenState& token : state.tokens) {
    tokens.push_back({{"name", token.name},
                      {"pin_source", SourceName(token.pin.source)},
                      {"waiting", token.pin.waiting},
                      {"refused", token.pin.refused}});
  }
  const auto& record = state.sealed;
  return Answer({{"sealed", record.has_value()},
                 {"sealed_by", record ? Json(record->by.text()) : Json()},
                 {"sealed_at", record ? Json(FormatTime(record->at)) : Json()},
                 {"reason", record ? Json(record->reason) : Json()},
                 {"tokens", std::move(tokens)}});
}

Result<bool> AfterWrongPin(const Call& call) {
  GRANT_TRY(const auto text, ReadQuery(call, "after_wrong_pin"));
  if (!text || *text == "false") return false;
  if (*text == "true") return true;
  return Fail(Code::kInvalid, "'after_wrong_pin' in the query is neither true nor false");
}

}  // namespace

Result<HttpResponse> ShowSeal(const Services& services, const Call& /*call*/) {
  return StateAnswer(*services.seal);
}

Result<HttpResponse> CloseSeal(const Services& services, const Call& call) {
  GRANT_CHECK(services.workflow.RequireAdmin(call.caller()));
  GRANT_TRY(const ObjectReader reader, ObjectReader::Open(call.body, "", {"reason"}));
  GRANT_TRY(const std::string reason, reader.Text("reason"));
  GRANT_CHECK(services.seal->Close(call.caller().principal, reason));
  return StateAnswer(*services.seal);
}

Result<HttpResponse> OpenSeal(const Services& services, const Call& call) {
  GRANT_CHECK(services.workflow.RequireAdmin(call.caller()));
  GRANT_CHECK(ObjectReader::Open(call.body, "", {}));
  GRANT_CHECK(services.seal->Open(call.caller().principal));
  return StateAnswer(*services.seal);
}

Result<HttpResponse> GivePin(const Services& services, const Call& call) {
  GRANT_CHECK(services.workflow.RequireAdmin(call.caller()));
  GRANT_TRY(const bool after_wrong, AfterWrongPin(call));
  const std::string& body = call.request.body;
  auto pin = SecretBuffer::CopyOf({reinterpret_cast<const uint8_t*>(body.data()), body.size()});
  GRANT_CHECK(
      services.seal->GivePin(call.caller().principal, call.name, std::move(pin), after_wrong));
  return StateAnswer(*services.seal);
}

}  // namespace grant::api
