// The seal: an administrator stops all signing at once, and it stays so until one lifts it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "grant/error.h"
#include "grant/refusal.h"
#include "grantd/domain/seal.h"
#include "grantd/hsm/sealable_token.h"
#include "grantd/store/store.h"

namespace grant {

struct SealedTokenState {
  std::string name;
  PinState pin;
};

struct SealState {
  std::optional<SealRecord> sealed;
  std::vector<SealedTokenState> tokens;
};

// Who may do it is for the caller to check. Any thread may call these; changes take turns.
class Seal {
 public:
  // The seal that the audit tells of, which outlives grantd.
  static Result<std::optional<SealRecord>> Find(Store& store);
  // What the calls of a token fail with while it is on.
  static Error Why(const SealRecord& record);

  // The tokens outlive it, and are closed where there is a `record`.
  Seal(Store& store, std::function<Time()> now, std::optional<SealRecord> record,
       std::vector<SealableToken*> tokens)
      : store_(store),
        now_(std::move(now)),
        tokens_(std::move(tokens)),
        record_(std::move(record)) {}

  // `withdraw` makes sure that no signature is delivered any more; it is called while refusal()
  // says that nothing is signed. Before anything is served.
  void OnSealing(std::function<void()> withdraw) { withdraw_ = std::move(withdraw); }

  // Why nothing may be signed; cheap enough to be asked for each signature.
  std::optional<Refusal> refusal() const;
  bool sealed() const { return refusal().has_value(); }
  SealState state() const;

  // When it returns, no signature is delivered any more, the PINs that were typed in are forgotten,
  // and the processes that had one are gone. Errors: kInvalid (reason), kConflict (it is sealed),
  // and the store's: then it is sealed all the same, but not beyond the end of this process; it may
  // be tried again.
  Status Close(const Principal& by, const std::string& reason);
  // Lifts the seal, and opens the tokens whose PINs are at hand; what keeps one closed is in the
  // log. Errors: kConflict (there is no seal), the store's.
  Status Open(const Principal& by);
  // Gives a token the PIN that was typed in. Errors: kNotFound, kConflict, kInvalid as
  // SealableToken::GivePin(), the store's. A PIN that the token refuses is recorded.
  Status GivePin(const Principal& by, const std::string& token, SecretBuffer pin, bool after_wrong);

 private:
  Status Record(std::string_view event, const Principal& by, Time at, const std::string& subject,
                const std::string& detail);

  Store& store_;
  const std::function<Time()> now_;
  const std::vector<SealableToken*> tokens_;
  std::function<void()> withdraw_ = [] {};
  std::mutex turn_;           // held while something changes
  bool recorded_ = true;      // by whoever has the turn: whether the audit tells of the seal
  mutable std::mutex mutex_;  // guards what follows
  std::optional<SealRecord> record_;
};

}  // namespace grant
