#include "grant/refusal.h"

namespace grant {

const char* CauseName(Cause cause) {
  switch (cause) {
    case Cause::kNoGrant:
      return "no-grant";
    case Cause::kNotYetValid:
      return "not-yet-valid";
    case Cause::kExpired:
      return "expired";
    case Cause::kUsedUp:
      return "used-up";
    case Cause::kRevoked:
      return "revoked";
    case Cause::kOtherHolder:
      return "other-holder";
    case Cause::kDigestNotInGrant:
      return "digest-not-in-grant";
    case Cause::kNotAUser:
      return "not-a-user";
    case Cause::kNotGoverned:
      return "not-governed";
    case Cause::kKeyNotFound:
      return "key-not-found";
    case Cause::kMechanismNotAllowed:
      return "mechanism-not-allowed";
    case Cause::kMechanismParameters:
      return "mechanism-parameters";
    case Cause::kKeyType:
      return "key-type";
    case Cause::kDataLength:
      return "data-length";
    case Cause::kWrongSecret:
      return "wrong-secret";
    case Cause::kTooManySecrets:
      return "too-many-secrets";
    case Cause::kTokenRefused:
      return "token-refused";
    case Cause::kTokenUnavailable:
      return "token-unavailable";
    case Cause::kStoreFailing:
      return "store-failing";
    case Cause::kBusy:
      return "busy";
    case Cause::kProtocol:
      return "protocol";
    case Cause::kSignatureInvalid:
      return "signature-invalid";
    case Cause::kSignatureLength:
      return "signature-length";
    case Cause::kOutsideHours:
      return "outside-hours";
    case Cause::kOutOfScope:
      return "out-of-scope";
    case Cause::kDatabaseRestored:
      return "database-restored";
    case Cause::kClockWrong:
      return "clock-wrong";
    case Cause::kKeyUnsafe:
      return "key-unsafe";
    case Cause::kSealed:
      return "sealed";
  }
  return "unknown";
}

}  // namespace grant
