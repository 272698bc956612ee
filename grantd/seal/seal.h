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

// Who may do it is for the caller to check. Any thread may call these.
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
  // and the processes that had one are gone. Nothing is signed from its first moment on: it waits
  // for no token, and of the other calls only for their writing to the audit. Errors: kInvalid
  // (reason), kConflict (it is sealed), and the store's: then it is sealed all the same, but not
  // beyond the end of this process unless RecordIfOwed() succeeds.
  Status Close(const Principal& by, const std::string& reason);
  // Writes a seal into the audit that Close() could not write. To be called now and then.
  void RecordIfOwed();
  // Lifts the seal, and opens the tokens whose PINs are at hand; what keeps one closed is in the
  // log. Errors: kConflict (there is no seal, or there is one again), the store's.
  Status Open(const Principal& by);
  // Gives a token the PIN that was typed in, once that is in the audit. Errors: kNotFound,
  // kConflict, kInvalid as SealableToken::TakePin() and AwaitOpened(), the store's. A PIN that the
  // token refuses is recorded too.
  Status GivePin(const Principal& by, const std::string& token, SecretBuffer pin, bool after_wrong);

 private:
  Result<SealableToken*> TokenNamed(const std::string& name) const;
  Status BeginWithPin(SealableToken& token, const Principal& by, SecretBuffer pin,
                      bool after_wrong);
  Status BeginToOpen(const Principal& by);
  Status RecordSeal();
  Status Record(std::string_view event, const Principal& by, Time at, const std::string& subject,
                const std::string& detail);

  Store& store_;
  const std::function<Time()> now_;
  const std::vector<SealableToken*> tokens_;
  std::function<void()> withdraw_ = [] {};
  // Held while the audit is written, so that it and `record_` change in the same order. Nobody
  // waits for a token meanwhile.
  std::mutex turn_;
  // Guards what follows. A token is opened under it, and only while there is no record: so whoever
  // sets one, and closes the tokens then, closes what was opened before, and nothing opens after.
  mutable std::mutex mutex_;
  std::optional<SealRecord> record_;
  bool recorded_ = true;  // whether the audit tells of it
  int closing_ = 0;       // calls of Close() that are not through with the tokens and the audit
};

}  // namespace grant
