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
  // Begins to serve again, and waits for nothing, so that a Close() that comes next ends it at
  // once. Serves nothing while the PIN is waited for. Not while a Close() runs.
  virtual void Open() = 0;
  // Waits for the first login to succeed or fail, or for the next Close(). Errors: what only a
  // person can mend; kInvalid where the token refuses the PIN.
  virtual Status AwaitOpened() = 0;
  // Keeps a PIN that was typed in for the next Open(). Errors: kConflict (it is not to be typed in,
  // or not now).
  virtual Status TakePin(SecretBuffer pin, bool after_wrong) = 0;
  // Forgets it again, where nothing was opened with it.
  virtual void ForgetPin() = 0;
  virtual PinState pin_state() = 0;
};

}  // namespace grant
