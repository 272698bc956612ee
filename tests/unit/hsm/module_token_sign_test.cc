#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/hsm/token_fixture.h"
#include "tests/unit/hsm/verify.h"

namespace grant::test {
namespace {

class ModuleTokenSign : public ModuleTokenTest {
 protected:
  tl::expected<Bytes, TokenFailure> Sign(const std::string& key,
                                         const gate::SignMechanism& mechanism,
                                         std::string_view data) {
    return token_->Sign(Find(*token_, CKO_PRIVATE_KEY, key).id, mechanism, AsBytes(data));
  }
  TokenObject PublicKeyOf(const std::string& key) { return Find(*token_, CKO_PUBLIC_KEY, key); }

  std::unique_ptr<ModuleToken> token_ = Open("prod");
};

TEST_F(ModuleTokenSign, RsaPkcs1SignatureVerifies) {
  const auto signature = Sign("rsa", {CKM_SHA256_RSA_PKCS, {}}, "content");
  ASSERT_TRUE(signature) << signature.error().rv;
  const PublicKey key = RsaKey(PublicKeyOf("rsa"));
  EXPECT_TRUE(Verifies(key.get(), EVP_sha256(), AsBytes("content"), *signature));
  EXPECT_FALSE(Verifies(key.get(), EVP_sha256(), AsBytes("Content"), *signature));
}

TEST_F(ModuleTokenSign, RsaPssSignatureHasTheParametersAskedFor) {
  const auto signature =
      Sign("rsa", {CKM_SHA384_RSA_PKCS_PSS, gate::PssParameters{CKM_SHA384, CKG_MGF1_SHA384, 17}},
           "content");
  ASSERT_TRUE(signature) << signature.error().rv;
  const PublicKey key = RsaKey(PublicKeyOf("rsa"));
  EXPECT_TRUE(VerifiesPss(key.get(), EVP_sha384(), 17, AsBytes("content"), *signature));
  EXPECT_FALSE(VerifiesPss(key.get(), EVP_sha384(), 48, AsBytes("content"), *signature));
}

TEST_F(ModuleTokenSign, EcdsaSignatureVerifies) {
  Bytes digest(32);
  EVP_Digest("content", 7, digest.data(), nullptr, EVP_sha256(), nullptr);
  const auto signature = Sign("p256", {CKM_ECDSA, {}}, AsText(digest));
  ASSERT_TRUE(signature) << signature.error().rv;
  EXPECT_EQ(signature->size(), 64U);
  const PublicKey key = P256Key(PublicKeyOf("p256"));
  EXPECT_TRUE(VerifiesEcdsa(key.get(), EVP_sha256(), AsBytes("content"), *signature));
  EXPECT_FALSE(VerifiesEcdsa(key.get(), EVP_sha256(), AsBytes("Content"), *signature));
}

TEST_F(ModuleTokenSign, Ed25519SignatureVerifies) {
  const auto signature = Sign("ed25519", {CKM_EDDSA, {}}, "content");
  ASSERT_TRUE(signature) << signature.error().rv;
  const PublicKey key = Ed25519Key(PublicKeyOf("ed25519"));
  EXPECT_TRUE(Verifies(key.get(), nullptr, AsBytes("content"), *signature));
  EXPECT_FALSE(Verifies(key.get(), nullptr, AsBytes("Content"), *signature));
}

TEST_F(ModuleTokenSign, WhatWasBegunAheadSignsWithItsOwnKeyAlone) {
  Bytes digest(32);
  EVP_Digest("content", 7, digest.data(), nullptr, EVP_sha256(), nullptr);
  const PublicKey p256 = P256Key(PublicKeyOf("p256"));
  const PublicKey careful = P256Key(PublicKeyOf("careful"));
  for (int round = 0; round < 3; ++round) {
    for (const char* const name : {"p256", "careful"}) {
      token_->PrepareSignature(Find(*token_, CKO_PRIVATE_KEY, name).id, {CKM_ECDSA, {}});
    }
    const auto one = Sign("p256", {CKM_ECDSA, {}}, AsText(digest));
    const auto other = Sign("careful", {CKM_ECDSA, {}}, AsText(digest));
    ASSERT_TRUE(one && other);
    EXPECT_TRUE(VerifiesEcdsa(p256.get(), EVP_sha256(), AsBytes("content"), *one));
    EXPECT_TRUE(VerifiesEcdsa(careful.get(), EVP_sha256(), AsBytes("content"), *other));
    EXPECT_TRUE(Sign("rsa", {CKM_SHA256_RSA_PKCS, {}}, "content"));
  }
}

TEST_F(ModuleTokenSign, EmptyDataIsSignedLikeAnyOther) {
  const auto signature = Sign("rsa", {CKM_SHA256_RSA_PKCS, {}}, "");
  ASSERT_TRUE(signature) << signature.error().rv;
  const PublicKey key = RsaKey(PublicKeyOf("rsa"));
  EXPECT_TRUE(Verifies(key.get(), EVP_sha256(), {}, *signature));
}

TEST_F(ModuleTokenSign, AKeyThatIsToBeAuthenticatedEachTimeGetsThePinEachTime) {
  for (int round = 0; round < 2; ++round) {
    const auto signature = Sign("careful", {CKM_ECDSA, {}}, std::string(32, 'x'));
    ASSERT_TRUE(signature) << signature.error().function << " " << signature.error().rv;
    EXPECT_EQ(signature->size(), 64U);
  }
  ASSERT_EQ(unlink(pin_file_.c_str()), 0);
  const auto failed = Sign("careful", {CKM_ECDSA, {}}, std::string(32, 'x'));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().function, "C_Login");
  EXPECT_TRUE(Sign("p256", {CKM_ECDSA, {}}, std::string(32, 'x'))) << "other keys need no PIN";
}

TEST_F(ModuleTokenSign, TheTokensOwnRefusalComesBack) {
  const auto mechanism = Sign("p256", {CKM_SHA_1, {}}, "content");
  ASSERT_FALSE(mechanism);
  EXPECT_EQ(mechanism.error().function, "C_SignInit");
  EXPECT_EQ(mechanism.error().rv, CKR_MECHANISM_INVALID);
  EXPECT_TRUE(mechanism.error().answered);

  const auto too_long = Sign("rsa", {CKM_RSA_PKCS, {}}, std::string(250, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().function, "C_Sign");
  EXPECT_EQ(too_long.error().rv, CKR_GENERAL_ERROR);
  EXPECT_FALSE(too_long.error().answered) << "a general error may hide a signature that was made";
  EXPECT_TRUE(Sign("rsa", {CKM_RSA_PKCS, {}}, "short")) << "an error spoils no later signature";
}

TEST_F(ModuleTokenSign, WhatDoesNotFitTheKeyNeverReachesTheModule) {
  // SoftHSM would not survive the first.
  const auto too_long = Sign("rsa", {CKM_RSA_X_509, {}}, std::string(257, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().rv, CKR_DATA_LEN_RANGE);
  EXPECT_TRUE(too_long.error().answered);
  const auto other_key = Sign("rsa", {CKM_ECDSA, {}}, std::string(32, 'x'));
  ASSERT_FALSE(other_key);
  EXPECT_EQ(other_key.error().rv, CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_TRUE(other_key.error().answered);
}

TEST_F(ModuleTokenSign, AnIdThatIsNoPrivateKeySignsNothing) {
  for (const uint64_t id : {uint64_t{0}, uint64_t{12345}, PublicKeyOf("rsa").id}) {
    const auto signature = token_->Sign(id, {CKM_SHA256_RSA_PKCS, {}}, AsBytes("content"));
    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().rv, CKR_KEY_HANDLE_INVALID);
  }
}

TEST_F(ModuleTokenSign, SixteenThreadsGetTheirOwnSignatures) {
  const PublicKey key = RsaKey(PublicKeyOf("rsa"));
  const uint64_t id = Find(*token_, CKO_PRIVATE_KEY, "rsa").id;
  std::vector<std::thread> threads(16);
  for (size_t thread = 0; thread < threads.size(); ++thread) {
    threads[thread] = std::thread([&, thread] {
      for (int round = 0; round < 8; ++round) {
        const std::string content = std::to_string(thread) + "/" + std::to_string(round);
        const auto signature = token_->Sign(id, {CKM_SHA256_RSA_PKCS, {}}, AsBytes(content));
        ASSERT_TRUE(signature) << signature.error().rv;
        EXPECT_TRUE(Verifies(key.get(), EVP_sha256(), AsBytes(content), *signature));
        EXPECT_TRUE(token_->Objects());
        EXPECT_TRUE(token_->Describe().present);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace grant::test
