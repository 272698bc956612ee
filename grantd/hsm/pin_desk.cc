#include "grantd/hsm/pin_desk.h"

#include <fmt/format.h>

#include <utility>

#include "grant/cryptoki/backing_module.h"
#include "grant/cryptoki/names.h"
#include "grantd/hsm/pin_file.h"

namespace grant {
namespace {

// Whether the answer is about the PIN itself, so that presenting it again can only lock the token.
bool MeansPinRefused(CK_RV rv) {
  switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_EXPIRED:
    case CKR_PIN_LOCKED:
      return true;
    default:
      return false;
  }
}

}  // namespace

SessionFailure MakeSessionFailure(const char* function, CK_RV rv) {
  return {TokenFailure{rv, function, true, {}}, cryptoki::TokenError(function, rv)};
}

SessionResult<void> FilePinDesk::Present(const Presenting& present) {
  const std::lock_guard<std::mutex> turn(present_mutex_);
  if (auto refusal = refused()) return tl::make_unexpected(*std::move(refusal));
  const auto pin = ReadPinFile(pin_file_);
  if (!pin) {
    // Not CKR_USER_NOT_LOGGED_IN: a PIN file that is gone ends no login that is in force.
    return tl::make_unexpected(
        SessionFailure{TokenFailure{CKR_GENERAL_ERROR, "C_Login", true, {}}, pin.error()});
  }
  const CK_RV rv = present(pin->bytes());
  if (rv == CKR_OK) return {};
  if (!MeansPinRefused(rv)) return tl::make_unexpected(MakeSessionFailure("C_Login", rv));
  const std::lock_guard<std::mutex> lock(mutex_);
  refused_with_ = rv;
  return tl::make_unexpected(Refusal(rv));
}

std::optional<SessionFailure> FilePinDesk::refused() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!refused_with_) return std::nullopt;
  return Refusal(*refused_with_);
}

SessionFailure FilePinDesk::Refusal(CK_RV rv) const {
  SessionFailure failure = MakeSessionFailure("C_Login", rv);
  failure.error.message = fmt::format("token '{}' refused the PIN in {}: {}", token_, pin_file_,
                                      cryptoki::ReturnValueName(rv));
  failure.error.hint = fmt::format(
      "correct the PIN in {} and restart grantd; it is not tried again, as wrong PINs lock a token",
      pin_file_);
  return failure;
}

}  // namespace grant
