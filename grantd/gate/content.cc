#include "grantd/gate/content.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <utility>

#include "grant/cryptoki/names.h"
#include "grantd/gate/hasher.h"

namespace grant {
namespace {

using cryptoki::Hash;
using cryptoki::Scheme;

constexpr std::array kHashes = {Hash::kSha1, Hash::kSha224, Hash::kSha256, Hash::kSha384,
                                Hash::kSha512};

// The DER of DigestInfo before the digest (RFC 8017, section 9.2, note 1).
ByteView DigestInfoPrefix(Hash hash) {
  static constexpr uint8_t kSha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                      0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
  static constexpr uint8_t kSha224[] = {0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x04, 0x05, 0x00, 0x04, 0x1c};
  static constexpr uint8_t kSha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  static constexpr uint8_t kSha384[] = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30};
  static constexpr uint8_t kSha512[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};
  switch (hash) {
    case Hash::kSha1:
      return kSha1;
    case Hash::kSha224:
      return kSha224;
    case Hash::kSha256:
      return kSha256;
    case Hash::kSha384:
      return kSha384;
    case Hash::kSha512:
      return kSha512;
  }
  return {};
}

Digest MakeDigest(Hash hash, ByteView value) {
  return {std::string(cryptoki::FactsOf(hash).name), Hex(value)};
}

std::optional<Digest> DigestInDigestInfo(ByteView data) {
  for (const Hash hash : kHashes) {
    const ByteView prefix = DigestInfoPrefix(hash);
    if (data.size() == prefix.size() + cryptoki::FactsOf(hash).digest_bytes &&
        std::equal(prefix.begin(), prefix.end(), data.begin())) {
      return MakeDigest(hash, data.subspan(prefix.size()));
    }
  }
  return std::nullopt;
}

std::optional<Digest> DigestByLength(ByteView data) {
  for (const Hash hash : kHashes) {
    if (data.size() == cryptoki::FactsOf(hash).digest_bytes) return MakeDigest(hash, data);
  }
  return std::nullopt;
}

// What is kept at this moment, by what it is for: who verifies must not stand in the way of who
// signs.
struct Kept {
  std::atomic<size_t> bytes = 0;
  const size_t bytes_max;
};

Kept& KeptFor(Purpose purpose) {
  static constinit Kept signing{.bytes_max = kKeptBytesMax};
  static constinit Kept verifying{.bytes_max = kKeptForVerifyingBytesMax};
  return purpose == Purpose::kVerifying ? verifying : signing;
}

tl::unexpected<Refusal> Refuse(Cause cause, std::string message, std::string hint) {
  return tl::unexpected<Refusal>(Refusal{cause, std::move(message), std::move(hint), {}});
}

}  // namespace

struct Content::State {
  const Purpose purpose;
  gate::SignMechanism mechanism;
  const cryptoki::MechanismFacts* facts = nullptr;
  size_t order_bits = 0;
  bool keep_data = false;
  size_t data_bytes_max = kWholeDataBytesMax;
  Kept& kept;
  size_t counted_bytes = 0;  // of this signature, in `kept`
  Bytes data;
  std::vector<Hasher> hashers;
  std::optional<Refusal> refusal;

  explicit State(Purpose what_for) : purpose(what_for), kept(KeptFor(what_for)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { kept.bytes -= counted_bytes; }

  void Keep(ByteView more) {
    if (more.size() > data_bytes_max - data.size()) {
      // Longer than any digest: there is none to be read back.
      if (purpose == Purpose::kCounting) return Forget();
      refusal = Refusal{Cause::kDataLength,
                        "more than " + std::to_string(data_bytes_max) + " bytes at once for " +
                            cryptoki::MechanismName(mechanism.type),
                        "use a mechanism that takes a digest of the data",
                        {}};
      return;
    }
    counted_bytes += more.size();
    if ((kept.bytes += more.size()) > kept.bytes_max) {
      refusal = Refusal{
          Cause::kBusy, "too much data is in work at this moment", "try again in a moment", {}};
      return;
    }
    data.insert(data.end(), more.begin(), more.end());
  }

  void Forget() {
    keep_data = false;
    Bytes().swap(data);
    kept.bytes -= std::exchange(counted_bytes, 0);
  }

  // What a mechanism that takes a digest was given, read back as that digest.
  std::optional<Digest> DigestInData() const {
    switch (facts->scheme) {
      case Scheme::kRsaPkcs1:
        return DigestInDigestInfo(data);
      case Scheme::kRsaPss: {
        const auto hash = cryptoki::HashByMechanism(mechanism.pss ? mechanism.pss->hash : 0);
        if (!hash || data.size() != cryptoki::FactsOf(*hash).digest_bytes) return std::nullopt;
        return MakeDigest(*hash, data);
      }
      case Scheme::kEcdsa:
        return DigestByLength(data);
      case Scheme::kRsaRaw:
      case Scheme::kEddsa:
        return std::nullopt;
    }
    return std::nullopt;
  }

  // Whether the signature is over less than the data, or nobody knows.
  bool IsCut() const { return facts->scheme == Scheme::kEcdsa && data.size() * 8 > order_bits; }

  void TellDigestsInData(ReducedContent& reduced) const {
    const auto digest = DigestInData();
    if (digest) (IsCut() ? reduced.recorded : reduced.digests).push_back(*digest);
    if (!IsCut() || order_bits % 8 != 0) return;
    const auto signed_part = DigestByLength(ByteView(data).first(order_bits / 8));
    if (signed_part) reduced.recorded.push_back(*signed_part);
  }

  // Whether the signature is at least as good a proof of the content as a digest of this hash.
  bool Proves(Hash hash) const {
    return !facts->hash ||
           cryptoki::FactsOf(hash).digest_bytes <= cryptoki::FactsOf(*facts->hash).digest_bytes;
  }
};

Content::Content(std::unique_ptr<State> state) : state_(std::move(state)) {}
Content::Content(Content&&) noexcept = default;
Content& Content::operator=(Content&&) noexcept = default;
Content::~Content() = default;

tl::expected<Content, Refusal> Content::Begin(const gate::SignMechanism& mechanism, bool hash_here,
                                              Purpose purpose, size_t order_bits) {
  const auto* facts = cryptoki::FindSigningMechanism(mechanism.type);
  const bool has_its_parameters =
      facts != nullptr && (facts->scheme == Scheme::kRsaPss) == mechanism.pss.has_value();
  if (purpose == Purpose::kCounting && !has_its_parameters) return Unknown(mechanism);
  if (facts == nullptr) {
    return Refuse(
        Cause::kMechanismNotAllowed,
        cryptoki::MechanismName(mechanism.type) + " is not a mechanism that grantd signs with",
        "use one that the token's mechanism list offers");
  }
  if (!has_its_parameters) {
    return Refuse(Cause::kMechanismParameters,
                  cryptoki::MechanismName(mechanism.type) + " was given the wrong parameters",
                  "PSS takes CK_RSA_PKCS_PSS_PARAMS, the other mechanisms take none");
  }
  auto state = std::make_unique<State>(purpose);
  state->mechanism = mechanism;
  state->facts = facts;
  state->order_bits = order_bits;
  state->keep_data = !facts->hash || !hash_here;
  if (!facts->hash && facts->scheme != Scheme::kEddsa) state->data_bytes_max = kRawDataBytesMax;
  if (purpose == Purpose::kCounting) {
    state->keep_data = !facts->hash && facts->scheme != Scheme::kEddsa;
  }
  const auto add_hasher = [&state](Hash hash) {
    state->hashers.emplace_back(cryptoki::FactsOf(hash).mechanism);
  };
  if (facts->hash) add_hasher(*facts->hash);
  // What most grants name the content by, and what people look for in the audit.
  if (purpose != Purpose::kVerifying && facts->hash && *facts->hash != Hash::kSha256) {
    add_hasher(Hash::kSha256);
  }
  if (purpose != Purpose::kVerifying && facts->scheme == Scheme::kEddsa) {
    for (const Hash hash : {Hash::kSha256, Hash::kSha384, Hash::kSha512}) add_hasher(hash);
  }
  return Content(std::move(state));
}

Content Content::Unknown(const gate::SignMechanism& mechanism) {
  auto state = std::make_unique<State>(Purpose::kCounting);
  state->mechanism = mechanism;
  return Content(std::move(state));
}

void Content::Reject(Refusal refusal) {
  state_->Forget();
  state_->refusal = std::move(refusal);
}

size_t Content::kept_bytes() const {
  return state_->counted_bytes;
}

void Content::Add(ByteView data) {
  if (state_->keep_data && !state_->refusal) state_->Keep(data);
  for (Hasher& hasher : state_->hashers) hasher.Add(data);
}

tl::expected<ReducedContent, Refusal> Content::Finish() {
  if (state_->refusal) return tl::unexpected(*state_->refusal);
  ReducedContent reduced{{}, state_->mechanism, {}, {}};
  Bytes own_digest;
  for (Hasher& hasher : state_->hashers) {
    Bytes value = hasher.Finish();
    if (value.empty()) {
      return Refuse(Cause::kTokenUnavailable, "the data could not be hashed",
                    "see the log of grantd");
    }
    const Hash hash = *cryptoki::HashByMechanism(hasher.mechanism());
    (state_->Proves(hash) ? reduced.digests : reduced.recorded).push_back(MakeDigest(hash, value));
    if (state_->facts->hash == hash) own_digest = std::move(value);
  }
  if (state_->purpose == Purpose::kCounting && !state_->keep_data) return reduced;
  if (state_->keep_data) {
    // Where the token hashes the data, data that look like a digest are not one.
    if (!state_->facts->hash) state_->TellDigestsInData(reduced);
    reduced.data = std::move(state_->data);
    return reduced;
  }
  reduced.mechanism.type = cryptoki::RawCounterpart(state_->facts->scheme);
  if (state_->facts->scheme == Scheme::kRsaPkcs1) {
    const ByteView prefix = DigestInfoPrefix(*state_->facts->hash);
    reduced.data.assign(prefix.begin(), prefix.end());
  }
  reduced.data.insert(reduced.data.end(), own_digest.begin(), own_digest.end());
  return reduced;
}

}  // namespace grant
