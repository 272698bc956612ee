// Finding and reading objects, and not writing them.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class Objects : public Host {};

TEST_F(Objects, AreFoundByAnyTemplateWithoutLogin) {
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_EQ(Find(session, {}).size(), 5U);
  char label[] = "release-key";
  EXPECT_EQ(Find(session, {{CKA_LABEL, label, sizeof label - 1}}).size(), 3U);
  CK_OBJECT_CLASS object_class = CKO_CERTIFICATE;
  EXPECT_EQ(Find(session, {{CKA_LABEL, label, sizeof label - 1},
                           {CKA_CLASS, &object_class, sizeof object_class}})
                .size(),
            1U);
  char nobody[] = "nobody";
  EXPECT_TRUE(Find(session, {{CKA_LABEL, nobody, 6}}).empty());
}

TEST_F(Objects, AreFoundByEmptyAndByFalseValues) {
  auto objects = SampleObjects();
  objects[0].attributes.push_back({CKA_SUBJECT, false, {}});
  objects[1].attributes.push_back(Truth(CKA_PRIVATE, false));
  gate.SetObjects(objects);
  CK_SESSION_HANDLE session = OpenSession();
  CK_BYTE nothing = 0;
  EXPECT_EQ(Find(session, {{CKA_SUBJECT, nullptr, 0}}).size(), 1U);
  EXPECT_EQ(Find(session, {{CKA_SUBJECT, &nothing, 0}}).size(), 1U);
  EXPECT_TRUE(Find(session, {{CKA_LABEL, nullptr, 0}}).empty());
  CK_BBOOL yes = CK_TRUE;
  CK_BBOOL no = CK_FALSE;
  EXPECT_EQ(Find(session, {{CKA_TOKEN, &yes, sizeof yes}}).size(), 4U);
  EXPECT_TRUE(Find(session, {{CKA_TOKEN, &no, sizeof no}}).empty());
  EXPECT_EQ(Find(session, {{CKA_PRIVATE, &no, sizeof no}}).size(), 1U);
  EXPECT_TRUE(Find(session, {{CKA_PRIVATE_EXPONENT, nullptr, 0}}).empty()) << "sensitive";
}

TEST_F(Objects, AreGivenInPortions) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_OBJECT_HANDLE found[3];
  CK_ULONG count = 0;
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(session, found, 3, &count));
  EXPECT_RV(CKR_OK, p11->C_FindObjectsInit(session, nullptr, 0));
  EXPECT_RV(CKR_OPERATION_ACTIVE, p11->C_FindObjectsInit(session, nullptr, 0));
  for (CK_ULONG expected : {3U, 2U, 0U}) {
    EXPECT_RV(CKR_OK, p11->C_FindObjects(session, found, 3, &count));
    EXPECT_EQ(count, expected);
  }
  EXPECT_RV(CKR_OK, p11->C_FindObjectsFinal(session));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(session));
}

TEST_F(Objects, BadTemplatesAreRefused) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_ATTRIBUTE nowhere{CKA_LABEL, nullptr, 3};
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, nullptr, 1));
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, &nowhere, 1));
}

TEST_F(Objects, KeepTheirHandlesAcrossSearchesAndSessions) {
  CK_SESSION_HANDLE first = OpenSession();
  CK_SESSION_HANDLE second = OpenSession();
  EXPECT_EQ(PrivateKey(first, "ec-key"), PrivateKey(second, "ec-key"));
  EXPECT_EQ(Find(first, {}), Find(first, {}));
}

TEST_F(Objects, AChangeOnTheTokenIsSeenByTheNextSearch) {
  CK_SESSION_HANDLE session = OpenSession();
  const auto before = Find(session, {});
  auto objects = SampleObjects();
  objects.erase(objects.begin());
  gate::ObjectRecord added;
  added.id = 6;
  added.attributes = {Number(CKA_CLASS, CKO_DATA)};
  objects.push_back(added);
  gate.SetObjects(objects);
  const auto after = Find(session, {});
  ASSERT_EQ(after.size(), 5U);
  EXPECT_EQ(std::vector(after.begin(), after.end() - 1),
            std::vector(before.begin() + 1, before.end()));
  EXPECT_THAT(before, testing::Not(testing::Contains(after.back())));
  CK_ATTRIBUTE attribute{CKA_LABEL, nullptr, 0};
  EXPECT_RV(CKR_OBJECT_HANDLE_INVALID,
            p11->C_GetAttributeValue(session, before.front(), &attribute, 1));
}

TEST_F(Objects, AKeyWithAnotherNumberIsAnotherKeyInTheSameRun) {
  CK_SESSION_HANDLE session = OpenSession();
  const CK_OBJECT_HANDLE before = PrivateKey(session, "release-key");
  auto objects = SampleObjects();
  objects[0].id = 9;
  gate.SetObjects(objects);
  EXPECT_NE(PrivateKey(session, "release-key"), before);
}

TEST_F(Objects, AttributesAreThoseOfTheToken) {
  CK_SESSION_HANDLE session = OpenSession();
  const CK_OBJECT_HANDLE key = PrivateKey(session, "release-key");
  CK_KEY_TYPE type = 99;
  CK_BYTE modulus[kRsaBytes];
  CK_ATTRIBUTE wanted[] = {{CKA_KEY_TYPE, &type, sizeof type},
                           {CKA_MODULUS, modulus, sizeof modulus}};
  EXPECT_RV(CKR_OK, p11->C_GetAttributeValue(session, key, wanted, 2));
  EXPECT_EQ(type, static_cast<CK_KEY_TYPE>(CKK_RSA));
  EXPECT_EQ(wanted[1].ulValueLen, kRsaBytes);
  CK_ATTRIBUTE secret{CKA_PRIVATE_EXPONENT, nullptr, 0};
  EXPECT_RV(CKR_ATTRIBUTE_SENSITIVE, p11->C_GetAttributeValue(session, key, &secret, 1));
  EXPECT_EQ(secret.ulValueLen, CK_UNAVAILABLE_INFORMATION);
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_GetAttributeValue(session, key, nullptr, 1));
  EXPECT_RV(CKR_OK, p11->C_GetAttributeValue(session, key, wanted, 0));
}

TEST_F(Objects, CannotBeWritten) {
  CK_SESSION_HANDLE session = OpenSession();
  const CK_OBJECT_HANDLE key = PrivateKey(session, "release-key");
  CK_OBJECT_CLASS object_class = CKO_CERTIFICATE;
  const CK_OBJECT_HANDLE certificate =
      Find(session, {{CKA_CLASS, &object_class, sizeof object_class}}).front();
  CK_ATTRIBUTE attribute{CKA_CLASS, &object_class, sizeof object_class};
  CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
  CK_OBJECT_HANDLE made = 0;
  EXPECT_RV(CKR_TOKEN_WRITE_PROTECTED, p11->C_CreateObject(session, &attribute, 1, &made));
  EXPECT_RV(CKR_TOKEN_WRITE_PROTECTED, p11->C_DestroyObject(session, certificate));
  EXPECT_RV(CKR_TOKEN_WRITE_PROTECTED, p11->C_GenerateKeyPair(session, &mechanism, &attribute, 1,
                                                              &attribute, 1, &made, &made));
  EXPECT_RV(CKR_ACTION_PROHIBITED, p11->C_DestroyObject(session, key));
  EXPECT_RV(CKR_ACTION_PROHIBITED, p11->C_CopyObject(session, key, &attribute, 1, &made));
  EXPECT_RV(CKR_ACTION_PROHIBITED, p11->C_SetAttributeValue(session, key, &attribute, 1));
  EXPECT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(session, 123456789));
}

TEST_F(Objects, APrivateKeyDoesNothingButSign) {
  CK_SESSION_HANDLE session = OpenSession();
  const CK_OBJECT_HANDLE key = PrivateKey(session, "release-key");
  CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
  CK_OBJECT_HANDLE made = 0;
  CK_BYTE bytes[8] = {};
  CK_ULONG size = sizeof bytes;
  for (auto* init : {p11->C_DecryptInit, p11->C_SignRecoverInit, p11->C_EncryptInit}) {
    EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, init(session, &mechanism, key));
    EXPECT_RV(CKR_KEY_HANDLE_INVALID, init(session, &mechanism, 123456789));
  }
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
            p11->C_UnwrapKey(session, &mechanism, key, bytes, sizeof bytes, nullptr, 0, &made));
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
            p11->C_WrapKey(session, &mechanism, key, key, bytes, &size));
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
            p11->C_DeriveKey(session, &mechanism, key, nullptr, 0, &made));
}

}  // namespace
}  // namespace grant::test
