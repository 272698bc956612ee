#include "grant/cryptoki/mechanism.h"

#include <algorithm>
#include <array>

namespace grant::cryptoki {
namespace {

constexpr HashFacts kHashes[] = {
    {Hash::kSha1, "sha1", CKM_SHA_1, CKG_MGF1_SHA1, 20},
    {Hash::kSha224, "sha224", CKM_SHA224, CKG_MGF1_SHA224, 28},
    {Hash::kSha256, "sha256", CKM_SHA256, CKG_MGF1_SHA256, 32},
    {Hash::kSha384, "sha384", CKM_SHA384, CKG_MGF1_SHA384, 48},
    {Hash::kSha512, "sha512", CKM_SHA512, CKG_MGF1_SHA512, 64},
};

constexpr MechanismFacts kSigning[] = {
    {CKM_RSA_PKCS, Scheme::kRsaPkcs1, CKK_RSA, {}},
    {CKM_SHA1_RSA_PKCS, Scheme::kRsaPkcs1, CKK_RSA, Hash::kSha1},
    {CKM_SHA224_RSA_PKCS, Scheme::kRsaPkcs1, CKK_RSA, Hash::kSha224},
    {CKM_SHA256_RSA_PKCS, Scheme::kRsaPkcs1, CKK_RSA, Hash::kSha256},
    {CKM_SHA384_RSA_PKCS, Scheme::kRsaPkcs1, CKK_RSA, Hash::kSha384},
    {CKM_SHA512_RSA_PKCS, Scheme::kRsaPkcs1, CKK_RSA, Hash::kSha512},
    {CKM_RSA_PKCS_PSS, Scheme::kRsaPss, CKK_RSA, {}},
    {CKM_SHA1_RSA_PKCS_PSS, Scheme::kRsaPss, CKK_RSA, Hash::kSha1},
    {CKM_SHA224_RSA_PKCS_PSS, Scheme::kRsaPss, CKK_RSA, Hash::kSha224},
    {CKM_SHA256_RSA_PKCS_PSS, Scheme::kRsaPss, CKK_RSA, Hash::kSha256},
    {CKM_SHA384_RSA_PKCS_PSS, Scheme::kRsaPss, CKK_RSA, Hash::kSha384},
    {CKM_SHA512_RSA_PKCS_PSS, Scheme::kRsaPss, CKK_RSA, Hash::kSha512},
    {CKM_RSA_X_509, Scheme::kRsaRaw, CKK_RSA, {}},
    {CKM_ECDSA, Scheme::kEcdsa, CKK_EC, {}},
    {CKM_ECDSA_SHA1, Scheme::kEcdsa, CKK_EC, Hash::kSha1},
    {CKM_ECDSA_SHA224, Scheme::kEcdsa, CKK_EC, Hash::kSha224},
    {CKM_ECDSA_SHA256, Scheme::kEcdsa, CKK_EC, Hash::kSha256},
    {CKM_ECDSA_SHA384, Scheme::kEcdsa, CKK_EC, Hash::kSha384},
    {CKM_ECDSA_SHA512, Scheme::kEcdsa, CKK_EC, Hash::kSha512},
    {CKM_EDDSA, Scheme::kEddsa, CKK_EC_EDWARDS, {}},
};

constexpr DigestFacts kDigests[] = {
    {CKM_MD5, 16},    {CKM_SHA_1, 20},  {CKM_SHA224, 28},
    {CKM_SHA256, 32}, {CKM_SHA384, 48}, {CKM_SHA512, 64},
};

constexpr CK_MECHANISM_TYPE kEncryption[] = {CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP, CKM_RSA_X_509};

// FactsOf indexes the table by the enumeration.
constexpr bool HashesAreInOrder() {
  for (size_t i = 0; i < std::size(kHashes); ++i) {
    if (static_cast<size_t>(kHashes[i].hash) != i) return false;
  }
  return true;
}
static_assert(HashesAreInOrder());

}  // namespace

std::span<const MechanismFacts> SigningMechanisms() {
  return kSigning;
}

const MechanismFacts* FindSigningMechanism(CK_MECHANISM_TYPE type) {
  const auto* found = std::ranges::find(kSigning, type, &MechanismFacts::type);
  return found == std::end(kSigning) ? nullptr : found;
}

std::span<const DigestFacts> DigestMechanisms() {
  return kDigests;
}

const DigestFacts* FindDigestMechanism(CK_MECHANISM_TYPE type) {
  const auto* found = std::ranges::find(kDigests, type, &DigestFacts::type);
  return found == std::end(kDigests) ? nullptr : found;
}

std::span<const CK_MECHANISM_TYPE> EncryptionMechanisms() {
  return kEncryption;
}

CK_FLAGS UsesServed(CK_MECHANISM_TYPE type) {
  CK_FLAGS uses = 0;
  if (FindSigningMechanism(type) != nullptr) uses |= CKF_SIGN | CKF_VERIFY;
  if (FindDigestMechanism(type) != nullptr) uses |= CKF_DIGEST;
  if (std::ranges::count(kEncryption, type) != 0) uses |= CKF_ENCRYPT;
  return uses;
}

const HashFacts& FactsOf(Hash hash) {
  return kHashes[static_cast<size_t>(hash)];
}

std::optional<Hash> HashByMechanism(CK_MECHANISM_TYPE digest_mechanism) {
  const auto* found = std::ranges::find(kHashes, digest_mechanism, &HashFacts::mechanism);
  if (found == std::end(kHashes)) return {};
  return found->hash;
}

std::optional<Hash> HashByName(std::string_view name) {
  const auto* found = std::ranges::find(kHashes, name, &HashFacts::name);
  if (found == std::end(kHashes)) return {};
  return found->hash;
}

CK_MECHANISM_TYPE RawCounterpart(Scheme scheme) {
  switch (scheme) {
    case Scheme::kRsaPkcs1:
      return CKM_RSA_PKCS;
    case Scheme::kRsaPss:
      return CKM_RSA_PKCS_PSS;
    case Scheme::kRsaRaw:
      return CKM_RSA_X_509;
    case Scheme::kEcdsa:
      return CKM_ECDSA;
    case Scheme::kEddsa:
      return CKM_EDDSA;
  }
  return CKM_RSA_X_509;
}

}  // namespace grant::cryptoki
