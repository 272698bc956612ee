// What the mechanisms of PKCS#11 3.0 that grantd serves do (Mechanisms, chapters 2.1 RSA, 2.3
// Elliptic curve, 2.20 to 2.25 hashes): pure facts, no calls.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "grant/cryptoki/cryptoki.h"

namespace grant::cryptoki {

// What PKCS #1 v1.5 adds at least to what it signs or encrypts (RFC 8017, 7.2 and 9.2).
inline constexpr size_t kPkcs1PaddingBytes = 11;

enum class Scheme { kRsaPkcs1, kRsaPss, kRsaRaw, kEcdsa, kEddsa };
enum class Hash { kSha1, kSha224, kSha256, kSha384, kSha512 };

struct HashFacts {
  Hash hash;
  std::string_view name;  // "sha256", as in "sha256:<hex>"
  CK_MECHANISM_TYPE mechanism;
  CK_RSA_PKCS_MGF_TYPE mgf;
  size_t digest_bytes;
};

struct MechanismFacts {
  CK_MECHANISM_TYPE type;
  Scheme scheme;
  CK_KEY_TYPE key_type;
  std::optional<Hash> hash;  // set where the mechanism hashes the data itself
};

// Every mechanism that grantd signs and verifies with. The module offers those of them that the
// token has, and so with the next two lists.
std::span<const MechanismFacts> SigningMechanisms();
const MechanismFacts* FindSigningMechanism(CK_MECHANISM_TYPE type);  // null if it is none

// What grantd computes digests with: the hashes above, and MD5 for the sake of old tools.
struct DigestFacts {
  CK_MECHANISM_TYPE type;
  size_t digest_bytes;
};
std::span<const DigestFacts> DigestMechanisms();
const DigestFacts* FindDigestMechanism(CK_MECHANISM_TYPE type);  // null if it is none

// What grantd encrypts with; the key is the public part of an RSA key.
std::span<const CK_MECHANISM_TYPE> EncryptionMechanisms();

// The flags of CK_MECHANISM_INFO that stand for what grantd does with the mechanism; 0 where it
// does nothing with it.
CK_FLAGS UsesServed(CK_MECHANISM_TYPE type);

const HashFacts& FactsOf(Hash hash);
std::optional<Hash> HashByMechanism(CK_MECHANISM_TYPE digest_mechanism);  // CKM_SHA256 -> kSha256
std::optional<Hash> HashByName(std::string_view name);                    // "sha256" -> kSha256

// The mechanism of the same scheme that takes the digest instead of the data:
// CKM_SHA256_RSA_PKCS -> CKM_RSA_PKCS (over DigestInfo), CKM_ECDSA_SHA256 -> CKM_ECDSA.
CK_MECHANISM_TYPE RawCounterpart(Scheme scheme);

}  // namespace grant::cryptoki
