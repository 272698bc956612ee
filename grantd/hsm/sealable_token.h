// A token that can be taken out of everybody's reach, and be given back.
#pragma once

#include "grantd/hsm/pin_desk.h"
#include "grantd/hsm/secret_buffer.h"
#include "grantd/hsm/token.h"

namespace grant {

// Any thread may call these.
class SealableToken : public Token {
 public:
  // Ends what runs on the token, forgets a PIN that was typed in, and serves nothing more: every
  // call fails with `why`. Returns when no process has the PIN any more.
  virtual void Close(const Error& why) = 0;
  // Serves again, and waits for the first login to succeed or fail. Does nothing while the PIN is
  // waited for. Errors: what only a person can mend.
  virtual Status Open() = 0;
  // Takes a PIN that was typed in, and opens the token with it. Errors: kConflict (it is not to be
  // typed in, or not now), kInvalid (no PIN, or the token refuses it).
  virtual Status GivePin(SecretBuffer pin, bool after_wrong) = 0;
  virtual PinState pin_state() = 0;
};

}  // namespace grant
