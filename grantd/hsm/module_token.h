// A Token on a backing module that is loaded into this process.
#pragma once

#include <memory>

#include "grantd/hsm/pin_desk.h"
#include "grantd/hsm/token.h"

namespace grant {

// Any thread may call these.
class ModuleToken : public Token {
 public:
  // Loads the backing module, finds the token by its URI, and logs in with the PIN from the desk.
  // Errors: kInvalid (settings), kNotFound (no such token), kUnavailable (login, module), and those
  // of the desk.
  static Result<std::unique_ptr<ModuleToken>> Open(const TokenSettings& settings,
                                                   std::shared_ptr<PinDesk> pins);

  // Both are for the time between signatures; neither logs in, and failing costs speed alone.

  // Begins, in a session of its own, the operation that the next signature with this key and
  // mechanism needs. Never for a key that is to be authenticated each time.
  virtual void PrepareSignature(uint64_t key_id, const gate::SignMechanism& mechanism) = 0;
  // Reads the objects again where the last reading is about to be too old for operations that were
  // begun ahead.
  virtual void Refresh() = 0;
};

}  // namespace grant
