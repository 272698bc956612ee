// Verifying, digests, encryption and random bytes, over a token that does what a test wants.
#include "grantd/gate/public_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "grant/cryptoki/mechanism.h"

namespace grant {
namespace {

using testing::HasSubstr;

constexpr uint64_t kPublicId = 7;
constexpr uint64_t kPrivateId = 8;

template <typename T>
Bytes Native(T value) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  return {bytes, bytes + sizeof value};
}

// What the token was asked, and what it is to answer.
struct Script {
  std::vector<gate::MechanismRecord> mechanisms = {{CKM_RSA_PKCS, 512, 4096, CKF_VERIFY},
                                                   {CKM_RSA_PKCS_PSS, 512, 4096, CKF_VERIFY}};
  CK_RV rv = CKR_OK;
  uint64_t mechanism = 0;
  Bytes data;
  Bytes signature;
};

class ScriptedToken : public Token {
 public:
  explicit ScriptedToken(Script& script) : script_(script) { settings_.name = "prod"; }

  const TokenSettings& settings() const override { return settings_; }
  gate::TokenRecord Describe() override {
    gate::TokenRecord record;
    record.mechanisms = script_.mechanisms;
    return record;
  }
  Result<std::shared_ptr<const TokenObjects>> Objects() override {
    const auto key = [](uint64_t id, CK_OBJECT_CLASS object_class) {
      return TokenObject{id, object_class, {{CKA_KEY_TYPE, false, Native<CK_KEY_TYPE>(CKK_RSA)}}};
    };
    return std::make_shared<const TokenObjects>(
        TokenObjects{1, {key(kPublicId, CKO_PUBLIC_KEY), key(kPrivateId, CKO_PRIVATE_KEY)}});
  }
  tl::expected<Bytes, TokenFailure> Sign(uint64_t, const gate::SignMechanism&, ByteView) override {
    ADD_FAILURE() << "nothing public signs";
    return Bytes();
  }
  tl::expected<void, TokenFailure> Verify(uint64_t, const gate::SignMechanism& mechanism,
                                          ByteView data, ByteView signature) override {
    script_.mechanism = mechanism.type;
    script_.data.assign(data.begin(), data.end());
    script_.signature.assign(signature.begin(), signature.end());
    if (script_.rv != CKR_OK) return tl::make_unexpected(Failure("C_Verify"));
    return {};
  }
  tl::expected<Bytes, TokenFailure> Encrypt(uint64_t, const gate::EncryptMechanism& mechanism,
                                            ByteView data) override {
    script_.mechanism = mechanism.type;
    if (script_.rv != CKR_OK) return tl::make_unexpected(Failure("C_Encrypt"));
    return Bytes(data.rbegin(), data.rend());
  }
  tl::expected<MadeKey, TokenFailure> GenerateKey(const KeyToMake&) override {
    ADD_FAILURE() << "nothing public makes keys";
    return MadeKey();
  }
  tl::expected<Bytes, TokenFailure> Random(size_t bytes) override {
    if (script_.rv != CKR_OK) return tl::make_unexpected(Failure("C_GenerateRandom"));
    return Bytes(bytes, 9);
  }

 private:
  TokenFailure Failure(const char* function) const { return {script_.rv, function, true}; }

  Script& script_;
  TokenSettings settings_;
};

class PublicOperationsTest : public testing::Test {
 protected:
  std::vector<std::unique_ptr<Token>> Tokens() {
    std::vector<std::unique_ptr<Token>> tokens;
    tokens.push_back(std::make_unique<ScriptedToken>(script_));
    return tokens;
  }

  // Verifies "abc", given in two pieces.
  PublicOperations::Outcome<gate::Verified> Verify(CK_MECHANISM_TYPE mechanism,
                                                   uint64_t key_id = kPublicId,
                                                   const std::string& token = "prod") {
    auto begun = public_.BeginVerify({token, key_id, {mechanism, {}}});
    if (!begun) return tl::unexpected(begun.error());
    begun->content.Add(AsBytes("a"));
    begun->content.Add(AsBytes("bc"));
    return public_.Verify(*std::move(begun), Bytes{1, 2, 3});
  }

  Script script_;
  KeyDirectory keys_{Tokens()};
  PublicOperations public_{keys_};
};

TEST_F(PublicOperationsTest, VerifyGivesTheTokenTheDigestInsteadOfTheData) {
  ASSERT_TRUE(Verify(CKM_SHA256_RSA_PKCS));
  EXPECT_EQ(script_.mechanism, CKM_RSA_PKCS);
  EXPECT_EQ(script_.data.size(), 19U + 32U);
  EXPECT_EQ(script_.signature, (Bytes{1, 2, 3}));
}

TEST_F(PublicOperationsTest, VerifyLeavesTheHashingToATokenWithoutTheRawMechanism) {
  script_.mechanisms = {{CKM_SHA256_RSA_PKCS, 512, 4096, CKF_VERIFY},
                        {CKM_RSA_PKCS, 512, 4096, CKF_SIGN}};
  ASSERT_TRUE(Verify(CKM_SHA256_RSA_PKCS));
  EXPECT_EQ(script_.mechanism, CKM_SHA256_RSA_PKCS);
  EXPECT_EQ(AsText(script_.data), "abc");
}

TEST_F(PublicOperationsTest, VerifyTellsAWrongSignatureFromOneOfTheWrongLength) {
  script_.rv = CKR_SIGNATURE_INVALID;
  EXPECT_EQ(Verify(CKM_SHA256_RSA_PKCS).error().cause, Cause::kSignatureInvalid);
  script_.rv = CKR_SIGNATURE_LEN_RANGE;
  EXPECT_EQ(Verify(CKM_SHA256_RSA_PKCS).error().cause, Cause::kSignatureLength);
  script_.rv = CKR_DEVICE_ERROR;
  const auto failed = Verify(CKM_SHA256_RSA_PKCS);
  EXPECT_EQ(failed.error().cause, Cause::kTokenRefused);
  EXPECT_EQ(failed.error().token_rv, CKR_DEVICE_ERROR);
  EXPECT_THAT(failed.error().message, testing::Not(HasSubstr("the use")))
      << "there is none to lose";
}

TEST_F(PublicOperationsTest, APrivateKeyIsRefusedLikeNoKeyAtAll) {
  for (const uint64_t id : {kPrivateId, uint64_t{0}, uint64_t{99}}) {
    EXPECT_EQ(Verify(CKM_SHA256_RSA_PKCS, id).error().cause, Cause::kKeyNotFound);
  }
  script_.rv = CKR_KEY_HANDLE_INVALID;
  const auto encrypted = public_.Encrypt({"prod", kPrivateId, {CKM_RSA_PKCS, {}}, {1}});
  EXPECT_EQ(encrypted.error().cause, Cause::kKeyNotFound);
}

TEST_F(PublicOperationsTest, UnknownTokensAndMechanismsAreRefused) {
  EXPECT_EQ(Verify(CKM_SHA256_RSA_PKCS, kPublicId, "other").error().cause,
            Cause::kTokenUnavailable);
  EXPECT_EQ(Verify(CKM_AES_CBC).error().cause, Cause::kMechanismNotAllowed);
  EXPECT_EQ(Verify(CKM_RSA_PKCS_PSS).error().cause, Cause::kMechanismParameters);
  EXPECT_EQ(PublicOperations::BeginDigest(CKM_SHA256_HMAC).error().cause,
            Cause::kMechanismNotAllowed);
  EXPECT_EQ(public_.Encrypt({"prod", kPublicId, {CKM_AES_CBC, {}}, {1}}).error().cause,
            Cause::kMechanismNotAllowed);
  EXPECT_EQ(public_.Encrypt({"other", kPublicId, {CKM_RSA_PKCS, {}}, {1}}).error().cause,
            Cause::kTokenUnavailable);
  EXPECT_EQ(public_.Random({"other", 1}).error().cause, Cause::kTokenUnavailable);
}

// FIPS 180-4 and RFC 1321, examples.
TEST_F(PublicOperationsTest, DigestsAreThoseOfTheStandards) {
  const std::pair<CK_MECHANISM_TYPE, std::string> kExamples[] = {
      {CKM_MD5, "900150983cd24fb0d6963f7d28e17f72"},
      {CKM_SHA_1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {CKM_SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
      {CKM_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
  };
  for (const auto& [mechanism, expected] : kExamples) {
    Hasher hasher = PublicOperations::BeginDigest(mechanism).value();
    hasher.Add(AsBytes("ab"));
    hasher.Add({});
    hasher.Add(AsBytes("c"));
    EXPECT_EQ(Hex(PublicOperations::Digest(std::move(hasher)).value().value), expected);
  }
}

TEST_F(PublicOperationsTest, EveryDigestListedIsMadeInItsLength) {
  for (const cryptoki::DigestFacts& facts : cryptoki::DigestMechanisms()) {
    Hasher hasher = PublicOperations::BeginDigest(facts.type).value();
    EXPECT_EQ(PublicOperations::Digest(std::move(hasher)).value().value.size(), facts.digest_bytes);
  }
}

TEST_F(PublicOperationsTest, EncryptionAndRandomBytesAreBounded) {
  EXPECT_EQ(public_.Encrypt({"prod", kPublicId, {CKM_RSA_PKCS, {}}, {1, 2}}).value().data,
            (Bytes{2, 1}));
  EXPECT_EQ(public_.Encrypt({"prod", kPublicId, {CKM_RSA_PKCS, {}}, Bytes(kRawDataBytesMax + 1)})
                .error()
                .cause,
            Cause::kDataLength);
  EXPECT_EQ(public_.Random({"prod", 5}).value().data, Bytes(5, 9));
  EXPECT_EQ(public_.Random({"prod", gate::kInlineDataBytesMax + 1}).error().cause,
            Cause::kDataLength);
}

TEST_F(PublicOperationsTest, TheTokensOwnAnswerIsPassedOn) {
  script_.rv = CKR_RANDOM_NO_RNG;
  const auto random = public_.Random({"prod", 5});
  EXPECT_EQ(random.error().cause, Cause::kTokenRefused);
  EXPECT_EQ(random.error().token_rv, CKR_RANDOM_NO_RNG);
}

}  // namespace
}  // namespace grant
