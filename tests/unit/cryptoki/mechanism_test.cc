#include "grant/cryptoki/mechanism.h"

#include <gtest/gtest.h>

#include <set>

namespace grant::cryptoki {
namespace {

TEST(SigningMechanisms, EachIsFoundByItsTypeAndStandsOnce) {
  std::set<CK_MECHANISM_TYPE> seen;
  for (const MechanismFacts& facts : SigningMechanisms()) {
    EXPECT_TRUE(seen.insert(facts.type).second) << facts.type;
    EXPECT_EQ(FindSigningMechanism(facts.type), &facts);
  }
  EXPECT_EQ(seen.size(), 20U);
}

TEST(SigningMechanisms, MechanismsThatDoNotSignAreNone) {
  for (CK_MECHANISM_TYPE type : {CKM_SHA256, CKM_RSA_PKCS_OAEP, CKM_AES_GCM, CKM_ECDH1_DERIVE}) {
    EXPECT_EQ(FindSigningMechanism(type), nullptr) << type;
  }
}

TEST(SigningMechanisms, SchemeAndKeyTypeAgree) {
  for (const MechanismFacts& facts : SigningMechanisms()) {
    CK_KEY_TYPE expected = CKK_RSA;
    if (facts.scheme == Scheme::kEcdsa) expected = CKK_EC;
    if (facts.scheme == Scheme::kEddsa) expected = CKK_EC_EDWARDS;
    EXPECT_EQ(facts.key_type, expected) << facts.type;
  }
}

TEST(SigningMechanisms, TheRawCounterpartHasTheSameSchemeAndNoHash) {
  for (const MechanismFacts& facts : SigningMechanisms()) {
    const MechanismFacts* raw = FindSigningMechanism(RawCounterpart(facts.scheme));
    ASSERT_NE(raw, nullptr);
    EXPECT_EQ(raw->scheme, facts.scheme);
    EXPECT_FALSE(raw->hash.has_value());
  }
  EXPECT_EQ(RawCounterpart(Scheme::kRsaPkcs1), CKM_RSA_PKCS);
  EXPECT_EQ(RawCounterpart(Scheme::kEcdsa), CKM_ECDSA);
}

TEST(DigestMechanisms, AreFoundByTheirTypeAndAgreeWithTheHashes) {
  for (const DigestFacts& facts : DigestMechanisms()) {
    EXPECT_EQ(FindDigestMechanism(facts.type), &facts);
    if (const auto hash = HashByMechanism(facts.type)) {
      EXPECT_EQ(FactsOf(*hash).digest_bytes, facts.digest_bytes);
    }
  }
  EXPECT_EQ(FindDigestMechanism(CKM_MD5)->digest_bytes, 16U);
  EXPECT_EQ(FindDigestMechanism(CKM_SHA256_RSA_PKCS), nullptr);
  EXPECT_EQ(FindDigestMechanism(CKM_SHA256_HMAC), nullptr);
}

TEST(UsesServed, AreThoseThatNeedNoSecretBesideSigning) {
  EXPECT_EQ(UsesServed(CKM_SHA256_RSA_PKCS), CKF_SIGN | CKF_VERIFY);
  EXPECT_EQ(UsesServed(CKM_RSA_X_509), CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT);
  EXPECT_EQ(UsesServed(CKM_RSA_PKCS_OAEP), CKF_ENCRYPT);
  EXPECT_EQ(UsesServed(CKM_SHA512), CKF_DIGEST);
  EXPECT_EQ(UsesServed(CKM_AES_CBC), 0U);
  EXPECT_EQ(UsesServed(CKM_ECDH1_DERIVE), 0U);
}

TEST(Hashes, AreFoundByMechanismAndByName) {
  for (Hash hash : {Hash::kSha1, Hash::kSha224, Hash::kSha256, Hash::kSha384, Hash::kSha512}) {
    const HashFacts& facts = FactsOf(hash);
    EXPECT_EQ(facts.hash, hash);
    EXPECT_EQ(HashByMechanism(facts.mechanism), hash);
    EXPECT_EQ(HashByName(facts.name), hash);
  }
  EXPECT_EQ(FactsOf(Hash::kSha384).digest_bytes, 48U);
  EXPECT_EQ(FactsOf(Hash::kSha224).mgf, static_cast<CK_RSA_PKCS_MGF_TYPE>(CKG_MGF1_SHA224));
  EXPECT_FALSE(HashByMechanism(CKM_MD5).has_value());
  EXPECT_FALSE(HashByName("SHA256").has_value());
  EXPECT_FALSE(HashByName("").has_value());
}

}  // namespace
}  // namespace grant::cryptoki
