// What a token does without its private keys.
#include <gtest/gtest.h>

#include "tests/unit/hsm/token_fixture.h"

namespace grant::test {
namespace {

const gate::PssParameters kPss{CKM_SHA256, CKG_MGF1_SHA256, 32};
const gate::OaepParameters kOaep{CKM_SHA_1, CKG_MGF1_SHA1, {}};

class ModuleTokenPublic : public ModuleTokenTest {
 protected:
  uint64_t PrivateId(const std::string& key) { return Find(*token_, CKO_PRIVATE_KEY, key).id; }
  uint64_t PublicId(const std::string& key) { return Find(*token_, CKO_PUBLIC_KEY, key).id; }

  Bytes Sign(const std::string& key, const gate::SignMechanism& mechanism, std::string_view data) {
    return token_->Sign(PrivateId(key), mechanism, AsBytes(data)).value();
  }

  // CKR_OK where the signature is right.
  CK_RV Verify(const std::string& key, const gate::SignMechanism& mechanism, std::string_view data,
               ByteView signature) {
    const auto verified = token_->Verify(PublicId(key), mechanism, AsBytes(data), signature);
    return verified ? CKR_OK : verified.error().rv;
  }

  // What the token itself makes of a ciphertext, asked behind the back of the Token.
  static Bytes Decrypt(const std::string& label, CK_MECHANISM mechanism, Bytes encrypted) {
    CK_FUNCTION_LIST* const module = Module();
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    EXPECT_EQ(module->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    CK_OBJECT_CLASS object_class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &object_class, sizeof object_class},
                             {CKA_LABEL, const_cast<char*>(label.data()), label.size()}};
    for (CK_ULONG i = 0; i < count; ++i) {
      CK_SESSION_HANDLE session = 0;
      if (module->C_OpenSession(slots[i], CKF_SERIAL_SESSION, nullptr, nullptr, &session) != CKR_OK)
        continue;
      CK_OBJECT_HANDLE key = 0;
      CK_ULONG found = 0;
      module->C_FindObjectsInit(session, wanted, 2);
      module->C_FindObjects(session, &key, 1, &found);
      module->C_FindObjectsFinal(session);
      Bytes plain(256);
      CK_ULONG size = plain.size();
      const bool decrypted =
          found == 1 && module->C_DecryptInit(session, &mechanism, key) == CKR_OK &&
          module->C_Decrypt(session, encrypted.data(), encrypted.size(), plain.data(), &size) ==
              CKR_OK;
      module->C_CloseSession(session);
      plain.resize(size);
      if (decrypted) return plain;
    }
    ADD_FAILURE() << "no token decrypts it";
    return {};
  }

  std::unique_ptr<Token> token_ = Open("prod");
};

TEST_F(ModuleTokenPublic, VerifiesWhatItSignedAndNothingElse) {
  struct Case {
    std::string key;
    gate::SignMechanism mechanism;
    std::string data;
  };
  for (const Case& one : {Case{"rsa", {CKM_SHA256_RSA_PKCS, {}}, "content"},
                          Case{"rsa", {CKM_RSA_PKCS, {}}, "content"},
                          Case{"rsa", {CKM_SHA256_RSA_PKCS_PSS, kPss}, "content"},
                          Case{"rsa", {CKM_RSA_PKCS_PSS, kPss}, std::string(32, 'x')},
                          Case{"p256", {CKM_ECDSA, {}}, std::string(32, 'x')},
                          Case{"ed25519", {CKM_EDDSA, {}}, "content"}}) {
    SCOPED_TRACE(one.mechanism.type);
    Bytes signature = Sign(one.key, one.mechanism, one.data);
    EXPECT_EQ(Verify(one.key, one.mechanism, one.data, signature), CKR_OK);
    std::string other = one.data;
    other.front() ^= 1;
    EXPECT_EQ(Verify(one.key, one.mechanism, other, signature), CKR_SIGNATURE_INVALID);
    signature.back() ^= 1;
    EXPECT_EQ(Verify(one.key, one.mechanism, one.data, signature), CKR_SIGNATURE_INVALID);
    signature.pop_back();
    EXPECT_EQ(Verify(one.key, one.mechanism, one.data, signature), CKR_SIGNATURE_LEN_RANGE);
  }
}

TEST_F(ModuleTokenPublic, AWrongSignatureSpoilsNoLaterOne) {
  const gate::SignMechanism mechanism{CKM_SHA256_RSA_PKCS, {}};
  const Bytes signature = Sign("rsa", mechanism, "content");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Verify("rsa", mechanism, "Content", signature), CKR_SIGNATURE_INVALID);
    EXPECT_EQ(Verify("rsa", mechanism, "content", {}), CKR_SIGNATURE_LEN_RANGE);
    EXPECT_EQ(Verify("rsa", mechanism, "content", signature), CKR_OK);
  }
}

TEST_F(ModuleTokenPublic, EncryptsForThePrivateKey) {
  const auto pkcs1 = token_->Encrypt(PublicId("rsa"), {CKM_RSA_PKCS, {}}, AsBytes("secret"));
  ASSERT_TRUE(pkcs1) << pkcs1.error().rv;
  EXPECT_EQ(AsText(Decrypt("rsa", {CKM_RSA_PKCS, nullptr, 0}, *pkcs1)), "secret");

  const auto oaep = token_->Encrypt(PublicId("rsa"), {CKM_RSA_PKCS_OAEP, kOaep}, AsBytes("secret"));
  ASSERT_TRUE(oaep) << oaep.error().rv;
  CK_RSA_PKCS_OAEP_PARAMS parameters{CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 0};
  EXPECT_EQ(AsText(Decrypt("rsa", {CKM_RSA_PKCS_OAEP, &parameters, sizeof parameters}, *oaep)),
            "secret");
}

TEST_F(ModuleTokenPublic, ParametersThatTheTokenDoesNotKnowAreCalledWrong) {
  const gate::OaepParameters sha512{CKM_SHA512, CKG_MGF1_SHA512, {1, 2, 3}};
  const auto encrypted =
      token_->Encrypt(PublicId("rsa"), {CKM_RSA_PKCS_OAEP, sha512}, AsBytes("secret"));
  ASSERT_FALSE(encrypted);
  EXPECT_EQ(encrypted.error().rv, CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(ModuleTokenPublic, APrivateKeyIsNoPublicKey) {
  for (const uint64_t id : {PrivateId("rsa"), uint64_t{0}, uint64_t{12345}}) {
    const auto verified =
        token_->Verify(id, {CKM_SHA256_RSA_PKCS, {}}, AsBytes("content"), Bytes(256));
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().rv, CKR_KEY_HANDLE_INVALID);
    const auto encrypted = token_->Encrypt(id, {CKM_RSA_PKCS, {}}, AsBytes("secret"));
    ASSERT_FALSE(encrypted);
    EXPECT_EQ(encrypted.error().rv, CKR_KEY_HANDLE_INVALID);
  }
}

TEST_F(ModuleTokenPublic, WhatDoesNotFitTheKeyNeverReachesTheModule) {
  // SoftHSM would not survive the first two.
  const std::string too_long(257, 'x');
  EXPECT_EQ(Verify("rsa", {CKM_RSA_X_509, {}}, too_long, Bytes(256)), CKR_DATA_LEN_RANGE);
  const auto encrypted = token_->Encrypt(PublicId("rsa"), {CKM_RSA_X_509, {}}, AsBytes(too_long));
  ASSERT_FALSE(encrypted);
  EXPECT_EQ(encrypted.error().rv, CKR_DATA_LEN_RANGE);
  EXPECT_EQ(Verify("p256", {CKM_RSA_X_509, {}}, "data", Bytes(64)), CKR_KEY_TYPE_INCONSISTENT);
  const auto other_key = token_->Encrypt(PublicId("p256"), {CKM_RSA_PKCS, {}}, AsBytes("secret"));
  ASSERT_FALSE(other_key);
  EXPECT_EQ(other_key.error().rv, CKR_KEY_TYPE_INCONSISTENT);
}

TEST_F(ModuleTokenPublic, RandomBytesAreAsManyAsAskedForAndNeverTheSame) {
  EXPECT_TRUE(token_->Random(0).value().empty());
  const Bytes first = token_->Random(32).value();
  const Bytes second = token_->Random(32).value();
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first, second);
  EXPECT_EQ(token_->Random(gate::kInlineDataBytesMax).value().size(), gate::kInlineDataBytesMax);
}

}  // namespace
}  // namespace grant::test
