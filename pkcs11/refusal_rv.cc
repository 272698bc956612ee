#include "pkcs11/refusal_rv.h"

#include <utility>

namespace grant::pkcs11 {
namespace {

// The backing token's own answers that say something about the caller's input or the device. Others
// are about grantd's session with the token, of which the caller knows nothing.
CK_RV TokenRv(CK_RV rv) {
  switch (rv) {
    case CKR_DATA_INVALID:
    case CKR_DATA_LEN_RANGE:
    case CKR_DEVICE_MEMORY:
    case CKR_DEVICE_REMOVED:
    case CKR_FUNCTION_FAILED:
    case CKR_FUNCTION_REJECTED:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_KEY_SIZE_RANGE:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_RANDOM_NO_RNG:
      return rv;
    default:
      return CKR_DEVICE_ERROR;
  }
}

}  // namespace

CK_RV RefusalRv(Cause cause, CK_RV token_rv) {
  switch (cause) {
    case Cause::kNoGrant:
    case Cause::kNotYetValid:
    case Cause::kExpired:
    case Cause::kUsedUp:
    case Cause::kRevoked:
    case Cause::kOtherHolder:
    case Cause::kDigestNotInGrant:
    case Cause::kOutOfScope:
    case Cause::kNotAUser:
    case Cause::kNotGoverned:
    case Cause::kKeyUnsafe:
    case Cause::kOutsideHours:
    case Cause::kSealed:
      return CKR_FUNCTION_REJECTED;
    case Cause::kKeyNotFound:
      return CKR_KEY_HANDLE_INVALID;
    case Cause::kMechanismNotAllowed:
      return CKR_MECHANISM_INVALID;
    case Cause::kMechanismParameters:
      return CKR_MECHANISM_PARAM_INVALID;
    case Cause::kKeyType:
      return CKR_KEY_TYPE_INCONSISTENT;
    case Cause::kDataLength:
      return CKR_DATA_LEN_RANGE;
    case Cause::kWrongSecret:
      return CKR_PIN_INCORRECT;
    case Cause::kTooManySecrets:
      return CKR_PIN_LOCKED;
    case Cause::kTokenRefused:
      return TokenRv(token_rv);
    case Cause::kTokenUnavailable:
      return CKR_DEVICE_REMOVED;
    case Cause::kStoreFailing:
    case Cause::kDatabaseRestored:
    case Cause::kClockWrong:
    case Cause::kProtocol:
      return CKR_DEVICE_ERROR;
    case Cause::kBusy:
      return CKR_FUNCTION_FAILED;
    case Cause::kSignatureInvalid:
      return CKR_SIGNATURE_INVALID;
    case Cause::kSignatureLength:
      return CKR_SIGNATURE_LEN_RANGE;
  }
  // A newer grantd has a cause that this module does not know; refused it is.
  return CKR_FUNCTION_REJECTED;
}

Error FromRefused(gate::Refused refused) {
  CK_RV rv = RefusalRv(refused.cause, refused.token_rv);
  // That a signature is not right is what the program asked, and no refusal to a person.
  const bool verdict =
      refused.cause == Cause::kSignatureInvalid || refused.cause == Cause::kSignatureLength;
  return {rv, std::move(refused.message), std::move(refused.hint),
          verdict ? Tell::kNothing : Tell::kRefused};
}

Error FromUnreachable(const grant::Error& error, const std::string& gate) {
  return {CKR_DEVICE_REMOVED, "cannot reach grantd at " + gate + ": " + error.message,
          "is grantd running? GRANTD_GATE names another socket", Tell::kFailed};
}

Error FromBadAnswer(const grant::Error& error, const std::string& gate) {
  return {CKR_DEVICE_ERROR, "no proper answer from grantd at " + gate + ": " + error.message,
          "ask the administrator to look at the log of grantd", Tell::kFailed};
}

}  // namespace grant::pkcs11
