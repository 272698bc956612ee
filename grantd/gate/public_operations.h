// What needs no grant, since it uses no private key: verifying, digests, encryption with public
// keys, random bytes. Nothing of it is audited.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <type_traits>

#include "grant/gate/protocol.h"
#include "grantd/gate/content.h"
#include "grantd/gate/hasher.h"
#include "grantd/gate/key_directory.h"

namespace grant {

// Calls to tokens at one time, for all clients together: whoever may connect may ask, and must
// leave the tokens' sessions to those who sign.
inline constexpr ptrdiff_t kPublicCallsAtOnceMax = 8;
inline constexpr std::chrono::seconds kPublicCallWaitMax{5};

// A verification that has begun.
struct Verification {
  Token* token = nullptr;
  uint64_t key_id = 0;
  Content content;
};

// Any thread may call these. The ID of a private key is refused like that of no key at all.
class PublicOperations {
 public:
  template <typename T>
  using Outcome = tl::expected<T, gate::Refused>;

  explicit PublicOperations(KeyDirectory& keys) : keys_(keys) {}

  Outcome<Verification> BeginVerify(const gate::VerifyTarget& target);
  // Verified; or refused with Cause::kSignatureInvalid or kSignatureLength where the signature is
  // not one over what the content holds.
  Outcome<gate::Verified> Verify(Verification verification, ByteView signature);

  static Outcome<Hasher> BeginDigest(CK_MECHANISM_TYPE mechanism);
  static Outcome<gate::DigestValue> Digest(Hasher hasher);

  Outcome<gate::Ciphertext> Encrypt(const gate::Encrypt& request);
  Outcome<gate::Random> Random(const gate::GetRandom& request);

 private:
  // A token's public keys as they were last seen.
  struct PublicKeys {
    uint64_t version = 0;
    std::map<uint64_t, bool> hash_here;  // by the key's ID
  };

  // Runs `use`, a call to a token, when there is a place for it; Busy() where there is none in
  // time.
  template <typename Use>
  auto OnToken(Use use) -> Outcome<typename std::invoke_result_t<Use>::value_type>;

  Outcome<Token*> FindToken(const std::string& name) const;
  Outcome<bool> MayHashFor(Token& token, uint64_t key_id);

  KeyDirectory& keys_;
  std::counting_semaphore<> places_{kPublicCallsAtOnceMax};
  std::mutex mutex_;
  std::map<Token*, std::shared_ptr<const PublicKeys>> seen_;
};

}  // namespace grant
