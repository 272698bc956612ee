// A governed key is told by what it is, however it came into the caller's hands.
#include "tests/wrap/wrap_world.h"

namespace grant::test {
namespace {

class WrapIdentity : public WrapTest {
 protected:
  // Signs without a grant: refused where the key is governed.
  CK_RV SignWith(const std::string& label, CK_MECHANISM_TYPE type) {
    const CK_OBJECT_HANDLE key = client_->PrivateKey(session_, label);
    return client_->Sign(session_, type, key, std::string(32, 'a')).rv;
  }
};

TEST_F(WrapIdentity, OfACopyIsThatOfTheKey) {
  OnToken([](Client& client, CK_SESSION_HANDLE session) {
    const CK_OBJECT_HANDLE rsa = client.PrivateKey(session, "release-key");
    ASSERT_RV(CKR_OK, client.Copy(session, rsa, "copy", "\x11"));
    ASSERT_RV(CKR_OK, client.Copy(session, rsa, "relabelled", "\x01"));
    const CK_OBJECT_HANDLE ec = client.PrivateKey(session, "ec-key");
    ASSERT_RV(CKR_OK, client.Copy(session, ec, "ec-relabelled", "\x02"));
    ASSERT_RV(CKR_OK, client.Copy(session, ec, "ec-copy", "\x12"));
    ASSERT_RV(CKR_OK, client.Copy(session, client.Find(session, CKO_PUBLIC_KEY, "ec-key"),
                                  "ec-copy", "\x12"));
  });
  Start();
  for (const char* label : {"release-key", "copy", "relabelled"}) {
    EXPECT_RV(CKR_FUNCTION_REJECTED, SignWith(label, CKM_SHA256_RSA_PKCS)) << label;
  }
  for (const char* label : {"ec-key", "ec-relabelled", "ec-copy"}) {
    EXPECT_RV(CKR_FUNCTION_REJECTED, SignWith(label, CKM_ECDSA)) << label;
  }
}

TEST_F(WrapIdentity, OfAKeyMadeAfterwardsWithItsLabelIsItsOwn) {
  Start();
  client_->GenerateRsa(session_, "release-key", "\x21");
  std::vector<CK_RV> answers;
  CK_OBJECT_CLASS object_class = CKO_PRIVATE_KEY;
  std::string label = "release-key";
  CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &object_class, sizeof object_class},
                           {CKA_LABEL, label.data(), label.size()}};
  CK_OBJECT_HANDLE keys[4];
  CK_ULONG count = 0;
  ASSERT_RV(CKR_OK, client_->p11->C_FindObjectsInit(session_, wanted, 2));
  ASSERT_RV(CKR_OK, client_->p11->C_FindObjects(session_, keys, 4, &count));
  ASSERT_RV(CKR_OK, client_->p11->C_FindObjectsFinal(session_));
  ASSERT_EQ(count, 2U);
  // As soon as grantd has seen the new one, the signer's URI is ambiguous and both are refused;
  // the old one is refused in any case.
  for (CK_ULONG i = 0; i < count; ++i) {
    answers.push_back(client_->Sign(session_, CKM_SHA256_RSA_PKCS, keys[i], "data").rv);
  }
  EXPECT_THAT(answers, testing::Contains(CKR_FUNCTION_REJECTED));
}

TEST_F(WrapIdentity, OfOtherKeysIsNoneOfGrantdsBusiness) {
  Start();
  const CK_OBJECT_HANDLE other = client_->PrivateKey(session_, "other-key");
  EXPECT_RV(CKR_OK, SignWith("other-key", CKM_RSA_PKCS));
  EXPECT_RV(CKR_OK, client_->SignInParts(session_, CKM_SHA256_RSA_PKCS, other, "data", 2).rv);
  CK_OBJECT_HANDLE copy = 0;
  EXPECT_RV(CKR_OK, client_->Copy(session_, other, "copy", "\x22", &copy));
  std::string label = "renamed";
  CK_ATTRIBUTE change{CKA_LABEL, label.data(), label.size()};
  EXPECT_RV(CKR_OK, client_->p11->C_SetAttributeValue(session_, copy, &change, 1));
  EXPECT_RV(CKR_OK, client_->p11->C_DestroyObject(session_, copy));
  EXPECT_EQ(world_.Audited("signature.spent"), 0);
  EXPECT_EQ(world_.Audited("signature.refused"), 0);
}

TEST_F(WrapIdentity, CannotBeToldWithoutGrantdSoNoPrivateKeyIsUsed) {
  Start();
  const CK_OBJECT_HANDLE other = client_->PrivateKey(session_, "other-key");
  world_.Stop();
  const std::string errors = ErrorsOf([&] {
    EXPECT_RV(CKR_DEVICE_REMOVED, client_->SignInit(session_, CKM_RSA_PKCS, other));
    EXPECT_RV(CKR_DEVICE_REMOVED, client_->p11->C_DestroyObject(session_, other));
  });
  EXPECT_THAT(errors, testing::HasSubstr("grant-pkcs11: failed: cannot reach grantd"));
  // What is no private key needs no grantd.
  AnyMechanism rsa(CKM_RSA_PKCS);
  const CK_SESSION_HANDLE second = client_->OpenSession();
  const CK_OBJECT_HANDLE public_key = client_->Find(second, CKO_PUBLIC_KEY, "other-key");
  EXPECT_RV(CKR_OK, client_->p11->C_EncryptInit(second, rsa.get(), public_key));
  world_.Start();
  EXPECT_RV(CKR_OK, SignWith("other-key", CKM_RSA_PKCS));
}

TEST_F(WrapIdentity, OfAKeyThatWantsItsOwnLoginPassesTheLoginThrough) {
  world_.softhsm().GenerateKey("prod", World::kPin, {KeyKind::kP256, "always", "31", true});
  Start();
  const CK_OBJECT_HANDLE key = client_->PrivateKey(session_, "always");
  ASSERT_RV(CKR_OK, client_->SignInit(session_, CKM_ECDSA, key));
  std::string pin = World::kPin;
  EXPECT_RV(CKR_OK, client_->p11->C_Login(session_, CKU_CONTEXT_SPECIFIC,
                                          reinterpret_cast<CK_UTF8CHAR*>(pin.data()), pin.size()));
  EXPECT_RV(CKR_OK, client_->Sign(session_, std::string(32, 'a')).rv);
}

}  // namespace
}  // namespace grant::test
