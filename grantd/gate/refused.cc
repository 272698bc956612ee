#include "grantd/gate/refused.h"

#include <nlohmann/json.hpp>

#include "grant/cryptoki/cryptoki.h"

namespace grant {

gate::Refused ToRefused(const Refusal& refusal) {
  return {refusal.cause, 0, refusal.message, refusal.hint};
}

gate::Refused StoreFailing(const Error& error) {
  return {Cause::kStoreFailing, 0, "grantd cannot record the signature: " + error.message,
          error.hint.empty() ? "ask the administrator to look at the log of grantd" : error.hint};
}

gate::Refused TokenUnavailable(const Error& error) {
  return {Cause::kTokenUnavailable, 0, error.message,
          error.hint.empty() ? "ask the administrator to look at the log of grantd" : error.hint};
}

gate::Refused NoSuchToken(const std::string& name) {
  return {Cause::kTokenUnavailable, 0, "grantd serves no token '" + name.substr(0, 64) + "'",
          "it is named by [[token]] in grantd.toml"};
}

gate::Refused KeyGone() {
  return {Cause::kKeyNotFound, 0, "the key is not on the token any more",
          "look for it again: pkcs11-tool --module grant-pkcs11.so --list-objects"};
}

gate::Refused Busy(const std::string& why) {
  return {Cause::kBusy, 0, why, "try again in a moment"};
}

gate::Refused LimitReached(const std::string& why, const std::string& setting) {
  return {Cause::kBusy, 0, why,
          "end some of what runs; " + setting + " in [limits] of grantd.toml sets the limit"};
}

gate::Refused Malformed(const Error& error) {
  return {Cause::kProtocol, 0, error.message,
          "install grant-pkcs11.so and grantd of the same version"};
}

gate::Refused FromToken(const TokenFailure& failure, const std::string& what) {
  // Nothing reached the token.
  if (failure.answered && !failure.reason.empty()) {
    return {Cause::kTokenUnavailable, failure.rv, what + "; the use was given back",
            "ask the administrator to look at the log of grantd"};
  }
  if (!failure.answered) {
    return {Cause::kTokenUnavailable, failure.rv,
            "the token did not answer (" + what + "); the use stays spent",
            "ask the administrator to look at the log of grantd"};
  }
  return {Cause::kTokenRefused, failure.rv,
          "the token refused: " + what + "; the use was given back",
          "ask the administrator to look at the log of grantd"};
}

gate::Refused FromToken(const TokenFailure& failure) {
  if (!failure.reason.empty()) {
    return {Cause::kTokenUnavailable, failure.rv, Describe(failure),
            "ask the administrator to look at the log of grantd"};
  }
  switch (failure.rv) {
    case CKR_SIGNATURE_INVALID:
      return {Cause::kSignatureInvalid, failure.rv, "the signature is not right", ""};
    case CKR_SIGNATURE_LEN_RANGE:
      return {Cause::kSignatureLength, failure.rv, "the signature has the wrong length", ""};
    case CKR_KEY_HANDLE_INVALID:
      return KeyGone();
    default:
      return {Cause::kTokenRefused, failure.rv, "the token refused: " + Describe(failure), ""};
  }
}

AuditEvent RefusalEvent(const Refusal& refusal, const Principal& caller, const std::string& signer,
                        Time now, nlohmann::json facts) {
  facts["cause"] = CauseName(refusal.cause);
  facts["message"] = refusal.message;
  facts["hint"] = refusal.hint;
  return {now,    std::string(event::kSignatureRefused),
          caller, refusal.grant_id.empty() ? signer : refusal.grant_id,
          signer, facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace grant
