// Where a login gets the PIN from, and who remembers that it was refused.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "grant/cryptoki/cryptoki.h"
#include "grant/error.h"
#include "grantd/hsm/secret_buffer.h"
#include "grantd/hsm/token.h"

namespace grant {

// What the token answered, and the same for a person.
struct SessionFailure {
  TokenFailure failure;
  Error error;
};
template <typename T>
using SessionResult = tl::expected<T, SessionFailure>;

SessionFailure MakeSessionFailure(const char* function, CK_RV rv);

// Any thread may call these.
class PinDesk {
 public:
  // Presents the PIN to the token and returns what C_Login answered.
  using Presenting = std::function<CK_RV(std::span<const uint8_t> pin)>;

  virtual ~PinDesk() = default;
  // Lets `present` have the PIN for as long as it runs. Nobody else has it meanwhile, so that a PIN
  // that the token refuses is presented once: from then on each call fails without `present`.
  virtual SessionResult<void> Present(const Presenting& present) = 0;
};

// How a desk stands.
struct PinState {
  PinSource source = PinSource::kFile;
  bool waiting = false;  // for a PIN to be typed in
  bool refused = false;  // the token refused the last one
};

// grantd's desk of a token. A PIN file is read for each login, and the PIN wiped right after; a PIN
// that was typed in is kept until it is forgotten or refused.
class TokenPinDesk : public PinDesk {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  explicit TokenPinDesk(const TokenSettings& settings, Clock clock = std::chrono::steady_clock::now)
      : token_(settings.name),
        source_(settings.pin_source),
        pin_file_(settings.pin_file),
        clock_(std::move(clock)) {}

  SessionResult<void> Present(const Presenting& present) override;
  // The answer to everybody once the token has refused the PIN.
  std::optional<SessionFailure> refused();
  PinState state();
  // What a login fails with for want of a PIN.
  Error Waiting() const;

  // Takes a PIN that was typed in, for the logins from now on. After a wrong one `after_wrong` says
  // that it is meant to be tried all the same, and even then not at once: wrong PINs lock tokens.
  // Errors: kConflict, also where the PIN is not to be typed in.
  Status Give(SecretBuffer pin, bool after_wrong);
  // Forgets a PIN that was typed in.
  void Forget();

 private:
  Result<std::shared_ptr<const SecretBuffer>> Pin();
  void NoteRefused(CK_RV rv);
  SessionFailure Refusal(CK_RV rv) const;

  const std::string token_;
  const PinSource source_;
  const std::string pin_file_;
  const Clock clock_;
  std::mutex present_mutex_;  // held while a PIN is presented
  std::mutex mutex_;          // guards what follows
  std::shared_ptr<const SecretBuffer> typed_;
  std::optional<CK_RV> refused_with_;
  int wrong_in_row_ = 0;
  std::chrono::steady_clock::time_point again_at_;
};

}  // namespace grant
