// What a governed key may not be used for, and what everybody else still may.
#include "tests/wrap/wrap_world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

class WrapOtherUses : public WrapTest {
 protected:
  WrapOtherUses() {
    Start();
    governed_ = client_->PrivateKey(session_, "release-key");
    other_ = client_->PrivateKey(session_, "other-key");
  }

  CK_OBJECT_HANDLE MakeAesKey() {
    CK_BBOOL yes = CK_TRUE;
    CK_ULONG bytes = 16;
    CK_ATTRIBUTE attributes[] = {{CKA_VALUE_LEN, &bytes, sizeof bytes},
                                 {CKA_WRAP, &yes, 1},
                                 {CKA_UNWRAP, &yes, 1},
                                 {CKA_EXTRACTABLE, &yes, 1}};
    CK_MECHANISM generate{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE key = 0;
    EXPECT_RV(CKR_OK, client_->p11->C_GenerateKey(session_, &generate, attributes, 4, &key));
    return key;
  }

  CK_FUNCTION_LIST* p11() { return client_->p11; }

  CK_OBJECT_HANDLE governed_ = 0;
  CK_OBJECT_HANDLE other_ = 0;
};

TEST_F(WrapOtherUses, OfAGovernedKeyAreRefusedWithALine) {
  CK_MECHANISM pkcs{CKM_RSA_PKCS, nullptr, 0};
  CK_MECHANISM pad{CKM_AES_KEY_WRAP_PAD, nullptr, 0};
  CK_BYTE buffer[512];
  CK_ULONG size = sizeof buffer;
  CK_OBJECT_HANDLE made = 0;
  const CK_OBJECT_HANDLE aes = MakeAesKey();
  std::string label = "renamed";
  CK_ATTRIBUTE change{CKA_LABEL, label.data(), label.size()};
  const auto refused = [&](CK_RV expected, const char* what, const auto& call) {
    const std::string errors = ErrorsOf([&] { EXPECT_RV(expected, call()) << what; });
    EXPECT_THAT(errors, HasSubstr("grant-pkcs11: refused: key 'release-key' of signer release may "
                                  "only sign, not " +
                                  std::string(what)));
  };
  refused(CKR_KEY_FUNCTION_NOT_PERMITTED, "decrypt",
          [&] { return p11()->C_DecryptInit(session_, &pkcs, governed_); });
  refused(CKR_KEY_FUNCTION_NOT_PERMITTED, "encrypt",
          [&] { return p11()->C_EncryptInit(session_, &pkcs, governed_); });
  refused(CKR_KEY_FUNCTION_NOT_PERMITTED, "be wrapped",
          [&] { return p11()->C_WrapKey(session_, &pad, aes, governed_, buffer, &size); });
  refused(CKR_KEY_FUNCTION_NOT_PERMITTED, "wrap others",
          [&] { return p11()->C_WrapKey(session_, &pkcs, governed_, aes, buffer, &size); });
  refused(CKR_KEY_FUNCTION_NOT_PERMITTED, "unwrap others", [&] {
    return p11()->C_UnwrapKey(session_, &pkcs, governed_, buffer, 256, nullptr, 0, &made);
  });
  refused(CKR_KEY_FUNCTION_NOT_PERMITTED, "derive others",
          [&] { return p11()->C_DeriveKey(session_, &pkcs, governed_, nullptr, 0, &made); });
  refused(CKR_ACTION_PROHIBITED, "be copied",
          [&] { return p11()->C_CopyObject(session_, governed_, nullptr, 0, &made); });
  refused(CKR_ACTION_PROHIBITED, "be changed",
          [&] { return p11()->C_SetAttributeValue(session_, governed_, &change, 1); });
  refused(CKR_ACTION_PROHIBITED, "be destroyed",
          [&] { return p11()->C_DestroyObject(session_, governed_); });
  EXPECT_EQ(client_->PrivateKey(session_, "release-key"), governed_) << "it is as it was";
}

TEST_F(WrapOtherUses, OfAnotherKeyWork) {
  AnyMechanism pkcs(CKM_RSA_PKCS);
  CK_BYTE secret[] = {'s', 'e', 'c', 'r', 'e', 't'};
  CK_BYTE encrypted[256];
  CK_ULONG size = sizeof encrypted;
  ASSERT_RV(CKR_OK, p11()->C_EncryptInit(session_, pkcs.get(),
                                         client_->Find(session_, CKO_PUBLIC_KEY, "other-key")));
  ASSERT_RV(CKR_OK, p11()->C_Encrypt(session_, secret, sizeof secret, encrypted, &size));
  CK_BYTE decrypted[256];
  CK_ULONG decrypted_size = sizeof decrypted;
  ASSERT_RV(CKR_OK, p11()->C_DecryptInit(session_, pkcs.get(), other_));
  ASSERT_RV(CKR_OK, p11()->C_Decrypt(session_, encrypted, size, decrypted, &decrypted_size));
  EXPECT_EQ(std::string(decrypted, decrypted + decrypted_size), "secret");

  CK_OBJECT_HANDLE aes = MakeAesKey();
  size = sizeof encrypted;
  ASSERT_RV(CKR_OK, p11()->C_WrapKey(session_, pkcs.get(),
                                     client_->Find(session_, CKO_PUBLIC_KEY, "other-key"), aes,
                                     encrypted, &size));
  CK_OBJECT_CLASS object_class = CKO_SECRET_KEY;
  CK_KEY_TYPE type = CKK_AES;
  CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &object_class, sizeof object_class},
                               {CKA_KEY_TYPE, &type, sizeof type}};
  EXPECT_RV(CKR_OK,
            p11()->C_UnwrapKey(session_, pkcs.get(), other_, encrypted, size, attributes, 2, &aes));
}

}  // namespace
}  // namespace grant::test
