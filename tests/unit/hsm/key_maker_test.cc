// Keys that are made for signing alone, on a real SoftHSM2.
#include "grantd/hsm/key_maker.h"

#include <gmock/gmock.h>

#include <array>

#include "tests/unit/hsm/token_fixture.h"

namespace grant::test {
namespace {

using testing::IsEmpty;

struct Made {
  NewKeyType type;
  const char* label;
  CK_MECHANISM_TYPE mechanism;
  size_t input_bytes;
};

constexpr Made kAll[] = {{NewKeyType::kRsa2048, "made-rsa-2048", CKM_RSA_PKCS, 51},
                         {NewKeyType::kRsa3072, "made-rsa-3072", CKM_RSA_PKCS, 51},
                         {NewKeyType::kP256, "made-p256", CKM_ECDSA, 32},
                         {NewKeyType::kP384, "made-p384", CKM_ECDSA, 48},
                         {NewKeyType::kEd25519, "made-ed25519", CKM_EDDSA, 100}};

bool IsTrue(const TokenObject& object, CK_ATTRIBUTE_TYPE type) {
  const gate::AttributeRecord* const attribute = object.Find(type);
  if (attribute == nullptr) throw std::runtime_error("attribute " + std::to_string(type));
  return attribute->value.at(0) == CK_TRUE;
}

class KeyMaker : public ModuleTokenTest {
 protected:
  // The handles of the private keys with this label, in a read-write session behind grantd's back.
  CK_OBJECT_HANDLE FindHandle(CK_SESSION_HANDLE session, std::string label) {
    CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
    std::array<CK_ATTRIBUTE, 2> pattern{
        {{CKA_CLASS, &private_key, sizeof private_key}, {CKA_LABEL, label.data(), label.size()}}};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG count = 0;
    Module()->C_FindObjectsInit(session, pattern.data(), pattern.size());
    Module()->C_FindObjects(session, &key, 1, &count);
    Module()->C_FindObjectsFinal(session);
    EXPECT_EQ(count, 1U) << label;
    return key;
  }
};

TEST_F(KeyMaker, AKeyOfEachTypeSignsAndDoesNothingElse) {
  const auto token = Open("growing");
  for (const Made& each : kAll) {
    const auto made = token->GenerateKey({each.type, each.label, Bytes(16, 7)});
    ASSERT_TRUE(made) << each.label << ": " << Describe(made.error());
    EXPECT_FALSE(made->label_taken);
    EXPECT_THAT(made->left_out, IsEmpty()) << each.label;
    const TokenObject key = Find(*token, CKO_PRIVATE_KEY, each.label);
    for (const CK_ATTRIBUTE_TYPE type : {CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN, CKA_LOCAL,
                                         CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE}) {
      EXPECT_TRUE(IsTrue(key, type)) << each.label << " " << type;
    }
    for (const CK_ATTRIBUTE_TYPE type :
         {CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE, CKA_SIGN_RECOVER, CKA_EXTRACTABLE, CKA_MODIFIABLE}) {
      EXPECT_FALSE(IsTrue(key, type)) << each.label << " " << type;
    }
    EXPECT_EQ(key.Find(CKA_ID)->value, Bytes(16, 7));
    gate::SignMechanism mechanism;
    mechanism.type = each.mechanism;
    const auto signature = token->Sign(key.id, mechanism, Bytes(each.input_bytes, 1));
    EXPECT_TRUE(signature) << each.label << ": " << Describe(signature.error());
  }
}

TEST_F(KeyMaker, ALabelIsTakenOnce) {
  const auto token = Open("growing");
  const auto made = token->GenerateKey({NewKeyType::kP256, "first", Bytes(16, 8)});
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->label_taken);
}

TEST_F(KeyMaker, TheKeyCannotBeCopiedChangedReadOrDestroyed) {
  const auto token = Open("growing");
  ASSERT_TRUE(token->GenerateKey({NewKeyType::kRsa2048, "made-hard", Bytes(16, 9)}));
  CK_SESSION_HANDLE session = 0;
  ASSERT_EQ(Module()->C_OpenSession(token->Describe().slot_id, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                    nullptr, nullptr, &session),
            CKR_OK);
  const CK_OBJECT_HANDLE key = FindHandle(session, "made-hard");
  CK_BBOOL yes = CK_TRUE;
  CK_ATTRIBUTE decrypt{CKA_DECRYPT, &yes, sizeof yes};
  EXPECT_NE(Module()->C_SetAttributeValue(session, key, &decrypt, 1), CKR_OK);
  CK_ATTRIBUTE extractable{CKA_EXTRACTABLE, &yes, sizeof yes};
  CK_OBJECT_HANDLE copy = 0;
  EXPECT_NE(Module()->C_CopyObject(session, key, &extractable, 1, &copy), CKR_OK);
  std::array<uint8_t, 1024> value{};
  CK_ATTRIBUTE exponent{CKA_PRIVATE_EXPONENT, value.data(), value.size()};
  EXPECT_EQ(Module()->C_GetAttributeValue(session, key, &exponent, 1), CKR_ATTRIBUTE_SENSITIVE);
  EXPECT_NE(Module()->C_DestroyObject(session, key), CKR_OK);
  CK_MECHANISM raw{CKM_RSA_X_509, nullptr, 0};
  EXPECT_NE(Module()->C_DecryptInit(session, &raw, key), CKR_OK);
  Module()->C_CloseSession(session);
}

// A token that answers each attempt to make a key with the same.
CK_RV g_answer = CKR_OK;
int g_attempts = 0;

CK_FUNCTION_LIST Answering(CK_RV rv) {
  g_answer = rv;
  g_attempts = 0;
  CK_FUNCTION_LIST functions{};
  functions.C_FindObjectsInit = [](CK_SESSION_HANDLE, CK_ATTRIBUTE_PTR, CK_ULONG) -> CK_RV {
    return CKR_OK;
  };
  functions.C_FindObjects = [](CK_SESSION_HANDLE, CK_OBJECT_HANDLE_PTR, CK_ULONG,
                               CK_ULONG_PTR count) -> CK_RV {
    *count = 0;
    return CKR_OK;
  };
  functions.C_FindObjectsFinal = [](CK_SESSION_HANDLE) -> CK_RV { return CKR_OK; };
  functions.C_GenerateKeyPair = [](CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_ATTRIBUTE_PTR, CK_ULONG,
                                   CK_ATTRIBUTE_PTR, CK_ULONG, CK_OBJECT_HANDLE_PTR,
                                   CK_OBJECT_HANDLE_PTR) -> CK_RV {
    ++g_attempts;
    return g_answer;
  };
  return functions;
}

TEST(KeyMakerAttempts, AFaultThatMayPassMakesNoWeakerKey) {
  for (const CK_RV rv : {CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED, CKR_DEVICE_ERROR}) {
    CK_FUNCTION_LIST functions = Answering(rv);
    const auto made = MakeKey(&functions, 1, {NewKeyType::kRsa2048, "new", Bytes(16, 1)});
    ASSERT_FALSE(made);
    EXPECT_EQ(g_attempts, 1) << rv;
  }
}

TEST(KeyMakerAttempts, OnlyTheNameOfACurveIsTriedInTwoWays) {
  CK_FUNCTION_LIST functions = Answering(CKR_GENERAL_ERROR);
  ASSERT_FALSE(MakeKey(&functions, 1, {NewKeyType::kEd25519, "new", Bytes(16, 1)}));
  EXPECT_EQ(g_attempts, 2);
}

TEST(KeyMakerAttempts, WhatTheTokenFindsFaultWithIsAskedForInEverLesserTemplates) {
  CK_FUNCTION_LIST functions = Answering(CKR_ATTRIBUTE_TYPE_INVALID);
  ASSERT_FALSE(MakeKey(&functions, 1, {NewKeyType::kRsa2048, "new", Bytes(16, 1)}));
  EXPECT_GT(g_attempts, 2);
}

}  // namespace
}  // namespace grant::test
