#include "grantd/gate/content.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>

#include "grant/cryptoki/names.h"

namespace grant {
namespace {

using cryptoki::Hash;
using cryptoki::Scheme;

constexpr std::array kHashes = {Hash::kSha1, Hash::kSha224, Hash::kSha256, Hash::kSha384,
                                Hash::kSha512};

const EVP_MD* EvpOf(Hash hash) {
  switch (hash) {
    case Hash::kSha1:
      return EVP_sha1();
    case Hash::kSha224:
      return EVP_sha224();
    case Hash::kSha256:
      return EVP_sha256();
    case Hash::kSha384:
      return EVP_sha384();
    case Hash::kSha512:
      return EVP_sha512();
  }
  return nullptr;
}

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

class Hasher {
 public:
  explicit Hasher(Hash hash) : hash_(hash), context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    ok_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EvpOf(hash), nullptr) == 1;
  }

  void Add(ByteView data) {
    ok_ = ok_ && EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1;
  }

  // Empty on failure.
  Bytes Finish() {
    Bytes value(cryptoki::FactsOf(hash_).digest_bytes);
    if (!ok_ || EVP_DigestFinal_ex(context_.get(), value.data(), nullptr) != 1) return {};
    return value;
  }

  Hash hash() const { return hash_; }

 private:
  Hash hash_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool ok_ = false;
};

std::atomic<size_t> g_kept_bytes = 0;

tl::unexpected<Refusal> Refuse(Cause cause, std::string message, std::string hint) {
  return tl::unexpected<Refusal>(Refusal{cause, std::move(message), std::move(hint), {}});
}

}  // namespace

struct Content::State {
  gate::SignMechanism mechanism;
  const cryptoki::MechanismFacts* facts = nullptr;
  bool keep_data = false;
  size_t data_bytes_max = kWholeDataBytesMax;
  size_t counted_bytes = 0;  // of this signature, in g_kept_bytes
  Bytes data;
  std::vector<Hasher> hashers;
  std::optional<Refusal> refusal;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { g_kept_bytes -= counted_bytes; }

  void Keep(ByteView more) {
    if (more.size() > data_bytes_max - data.size()) {
      refusal = Refusal{Cause::kDataLength,
                        "more than " + std::to_string(data_bytes_max) + " bytes to sign with " +
                            cryptoki::MechanismName(mechanism.type),
                        "sign a digest of the data instead",
                        {}};
      return;
    }
    counted_bytes += more.size();
    if ((g_kept_bytes += more.size()) > kKeptBytesMax) {
      refusal = Refusal{Cause::kBusy,
                        "too much data is being signed at this moment",
                        "try again in a moment",
                        {}};
      return;
    }
    data.insert(data.end(), more.begin(), more.end());
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
};

Content::Content(std::unique_ptr<State> state) : state_(std::move(state)) {}
Content::Content(Content&&) noexcept = default;
Content& Content::operator=(Content&&) noexcept = default;
Content::~Content() = default;

tl::expected<Content, Refusal> Content::Begin(const gate::SignMechanism& mechanism,
                                              bool hash_here) {
  const auto* facts = cryptoki::FindSigningMechanism(mechanism.type);
  if (facts == nullptr) {
    return Refuse(
        Cause::kMechanismNotAllowed,
        cryptoki::MechanismName(mechanism.type) + " is not a mechanism that grantd signs with",
        "use one that the token's mechanism list offers");
  }
  if ((facts->scheme == Scheme::kRsaPss) != mechanism.pss.has_value()) {
    return Refuse(Cause::kMechanismParameters,
                  cryptoki::MechanismName(mechanism.type) + " was given the wrong parameters",
                  "PSS takes CK_RSA_PKCS_PSS_PARAMS, the other mechanisms take none");
  }
  auto state = std::make_unique<State>();
  state->mechanism = mechanism;
  state->facts = facts;
  state->keep_data = !facts->hash || !hash_here;
  if (!facts->hash && facts->scheme != Scheme::kEddsa) state->data_bytes_max = kRawDataBytesMax;
  if (facts->hash) {
    state->hashers.emplace_back(*facts->hash);
    if (*facts->hash != Hash::kSha256) state->hashers.emplace_back(Hash::kSha256);
  } else if (facts->scheme == Scheme::kEddsa) {
    for (const Hash hash : {Hash::kSha256, Hash::kSha384, Hash::kSha512}) {
      state->hashers.emplace_back(hash);
    }
  }
  return Content(std::move(state));
}

void Content::Reject(Refusal refusal) {
  state_->refusal = std::move(refusal);
}

void Content::Add(ByteView data) {
  if (state_->keep_data && !state_->refusal) state_->Keep(data);
  for (Hasher& hasher : state_->hashers) hasher.Add(data);
}

tl::expected<ReducedContent, Refusal> Content::Finish() {
  if (state_->refusal) return tl::unexpected(*state_->refusal);
  ReducedContent reduced{{}, state_->mechanism, {}};
  Bytes own_digest;
  for (Hasher& hasher : state_->hashers) {
    Bytes value = hasher.Finish();
    if (value.empty()) {
      return Refuse(Cause::kTokenUnavailable, "the data could not be hashed",
                    "see the log of grantd");
    }
    reduced.digests.push_back(MakeDigest(hasher.hash(), value));
    if (state_->facts->hash == hasher.hash()) own_digest = std::move(value);
  }
  if (state_->keep_data) {
    // Where the token hashes the data, data that look like a digest are not one.
    if (!state_->facts->hash) {
      if (const auto digest = state_->DigestInData()) reduced.digests.push_back(*digest);
    }
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
