// Where a login gets the PIN from, and who remembers that it was refused.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "grant/cryptoki/cryptoki.h"
#include "grant/error.h"
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

// The desk with the PIN file of a token. The file is read for each login, and the PIN wiped right
// after.
class FilePinDesk : public PinDesk {
 public:
  explicit FilePinDesk(const TokenSettings& settings)
      : token_(settings.name), pin_file_(settings.pin_file) {}

  SessionResult<void> Present(const Presenting& present) override;
  // The answer to everybody once the token has refused the PIN.
  std::optional<SessionFailure> refused();

 private:
  SessionFailure Refusal(CK_RV rv) const;

  const std::string token_;
  const std::string pin_file_;
  std::mutex present_mutex_;  // held while a PIN is presented
  std::mutex mutex_;          // guards what follows
  std::optional<CK_RV> refused_with_;
};

}  // namespace grant
