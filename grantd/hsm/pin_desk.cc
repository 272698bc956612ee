#include "grantd/hsm/pin_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "grant/cryptoki/backing_module.h"
#include "grant/cryptoki/names.h"
#include "grantd/hsm/pin_file.h"

namespace grant {
namespace {

// After the first wrong PIN; doubles with each further one.
constexpr std::chrono::seconds kWrongPinPause{10};
constexpr std::chrono::seconds kWrongPinPauseMax{600};

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

SessionResult<void> TokenPinDesk::Present(const Presenting& present) {
  const std::lock_guard<std::mutex> turn(present_mutex_);
  if (auto refusal = refused()) return tl::make_unexpected(*std::move(refusal));
  const auto pin = Pin();
  if (!pin) {
    // Not CKR_USER_NOT_LOGGED_IN: a PIN file that is gone ends no login that is in force.
    return tl::make_unexpected(
        SessionFailure{TokenFailure{CKR_GENERAL_ERROR, "C_Login", true, {}}, pin.error()});
  }
  const CK_RV rv = present((*pin)->bytes());
  if (MeansPinRefused(rv)) {
    NoteRefused(rv);
    return tl::make_unexpected(Refusal(rv));
  }
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_Login", rv));
  const std::lock_guard<std::mutex> lock(mutex_);
  wrong_in_row_ = 0;
  return {};
}

Result<std::shared_ptr<const SecretBuffer>> TokenPinDesk::Pin() {
  if (source_ == PinSource::kTyped) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!typed_) return tl::make_unexpected(Waiting());
    return typed_;
  }
  GRANT_TRY(SecretBuffer pin,
            ReadPinFile(pin_file_, "PIN",
                        source_ == PinSource::kCredential ? SecretFile::kCredential
                                                          : SecretFile::kPrivate));
  return std::make_shared<const SecretBuffer>(std::move(pin));
}

void TokenPinDesk::NoteRefused(CK_RV rv) {
  const std::lock_guard<std::mutex> lock(mutex_);
  refused_with_ = rv;
  typed_.reset();
  const auto pause = std::min(kWrongPinPauseMax, kWrongPinPause * (1 << wrong_in_row_));
  again_at_ = clock_() + pause;
  if (pause < kWrongPinPauseMax) ++wrong_in_row_;
}

std::optional<SessionFailure> TokenPinDesk::refused() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!refused_with_) return std::nullopt;
  return Refusal(*refused_with_);
}

PinState TokenPinDesk::state() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {source_, source_ == PinSource::kTyped && !typed_, refused_with_.has_value()};
}

Error TokenPinDesk::Waiting() const {
  return {Code::kUnavailable, fmt::format("token '{}' waits for its PIN to be typed in", token_),
          "an administrator gives it: grantctl unseal --token " + token_};
}

Status TokenPinDesk::Give(SecretBuffer pin, bool after_wrong) {
  if (source_ != PinSource::kTyped) {
    return Fail(Code::kConflict, fmt::format("token '{}' has its PIN from {}", token_, pin_file_),
                "pin_source = \"unseal\" in its [[token]] of grantd.toml lets it be typed in");
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (typed_) {
    return Fail(Code::kConflict, fmt::format("token '{}' has its PIN already", token_),
                "grantctl seal makes grantd forget it");
  }
  if (refused_with_ && !after_wrong) {
    return Fail(Code::kConflict,
                fmt::format("token '{}' refused the last PIN ({}), and wrong ones lock a token",
                            token_, cryptoki::ReturnValueName(*refused_with_)),
                fmt::format("be sure of it, and then: grantctl unseal --token {} --after-wrong-pin",
                            token_));
  }
  if (const auto now = clock_(); refused_with_ && now < again_at_) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(again_at_ - now);
    return Fail(Code::kConflict,
                fmt::format("token '{}' refused a PIN of late, so the next one has to wait {} s",
                            token_, wait.count()),
                "each wrong PIN doubles the wait");
  }
  refused_with_.reset();
  typed_ = std::make_shared<const SecretBuffer>(std::move(pin));
  return {};
}

void TokenPinDesk::Forget() {
  const std::lock_guard<std::mutex> lock(mutex_);
  typed_.reset();
}

SessionFailure TokenPinDesk::Refusal(CK_RV rv) const {
  SessionFailure failure = MakeSessionFailure("C_Login", rv);
  if (source_ == PinSource::kTyped) {
    failure.error.message = fmt::format("token '{}' refused the PIN that was typed in: {}", token_,
                                        cryptoki::ReturnValueName(rv));
    failure.error.hint = fmt::format(
        "be sure of it, and then: grantctl unseal --token {} --after-wrong-pin; wrong PINs lock a "
        "token",
        token_);
    return failure;
  }
  failure.error.message = fmt::format("token '{}' refused the PIN in {}: {}", token_, pin_file_,
                                      cryptoki::ReturnValueName(rv));
  failure.error.hint = fmt::format(
      "correct the PIN in {} and restart grantd; it is not tried again, as wrong PINs lock a token",
      pin_file_);
  return failure;
}

}  // namespace grant
