// What is being signed, or verified: taken in piece by piece, reduced to the digests that grants
// and audit speak of, and to what the token is given.
#pragma once

#include <memory>
#include <vector>

#include "grant/bytes.h"
#include "grant/cryptoki/mechanism.h"
#include "grant/gate/protocol.h"
#include "grant/refusal.h"
#include "grantd/domain/digest.h"

namespace grant {

// A mechanism that signs the data themselves (EdDSA, or a key that may only be used with a hashing
// mechanism) needs them whole; more than this is refused.
inline constexpr size_t kWholeDataBytesMax = 16 * 1024 * 1024;
// What a raw mechanism is given is at most as long as a modulus.
inline constexpr size_t kRawDataBytesMax = 8 * 1024;
// All data that is kept at one time, for all clients together.
inline constexpr size_t kKeptBytesMax = 256 * 1024 * 1024;
inline constexpr size_t kKeptForVerifyingBytesMax = 64 * 1024 * 1024;

// kCounting: the caller has the signature made; grantd looks for digests and keeps nothing else.
enum class Purpose { kSigning, kVerifying, kCounting };

struct ReducedContent {
  // By which a grant may name the content; the signature's own comes first. None is of a stronger
  // hash than that one: who finds two files that are one to the signature's hash may have either
  // signed. Empty where the data are no recognisable digest.
  std::vector<Digest> digests;
  gate::SignMechanism mechanism;  // for the token
  Bytes data;                     // for the token
  // What else is known, or may be meant, of the content; for the record alone.
  std::vector<Digest> recorded = {};
};

// Not for use by two threads at once.
class Content {
 public:
  // `hash_here`: whether the token may be given the digest where the mechanism would hash by
  // itself. Hashing here keeps memory and traffic to the token small whatever the size of the data.
  // For verifying, the digests in the result are not looked for. For counting, every mechanism is
  // taken, and every length.
  // `order_bits`: of the group of an elliptic curve key. ECDSA signs no more bits than that, so a
  // longer digest that is given to it stands for every digest that begins alike. 0: not known; then
  // nothing that ECDSA is given is known to be a digest.
  static tl::expected<Content, Refusal> Begin(const gate::SignMechanism& mechanism, bool hash_here,
                                              Purpose purpose = Purpose::kSigning,
                                              size_t order_bits = 0);
  // Data of which nothing is to be known: no digest comes out, whatever goes in.
  static Content Unknown(const gate::SignMechanism& mechanism);
  Content(Content&&) noexcept;
  Content& operator=(Content&&) noexcept;
  ~Content();

  // Settles that this signature is refused: keeps no data, and Finish() returns the refusal.
  void Reject(Refusal refusal);

  // More data than can be taken is dropped, and told by Finish().
  void Add(ByteView data);
  // How much of it is kept at this moment.
  size_t kept_bytes() const;
  tl::expected<ReducedContent, Refusal> Finish();

 private:
  struct State;
  explicit Content(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace grant
