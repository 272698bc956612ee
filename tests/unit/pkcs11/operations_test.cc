// Operations of one session side by side, and the calls about all of them.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class Operations : public Host {
 protected:
  void SetUp() override {
    Host::SetUp();
    session = OpenSession();
    private_key = PrivateKey(session, "release-key");
    public_key = PublicKey(session);
  }

  CK_RV InitSigning(CK_MECHANISM* mechanism) {
    return p11->C_SignInit(session, mechanism, private_key);
  }
  CK_RV InitVerifying(CK_MECHANISM* mechanism) {
    return p11->C_VerifyInit(session, mechanism, public_key);
  }
  CK_RV InitEncrypting(CK_MECHANISM* mechanism) {
    return p11->C_EncryptInit(session, mechanism, public_key);
  }
  void BeginAll() {
    CK_MECHANISM hashing{CKM_SHA256_RSA_PKCS, nullptr, 0};
    CK_MECHANISM digest{CKM_SHA256, nullptr, 0};
    CK_MECHANISM raw{CKM_RSA_PKCS, nullptr, 0};
    EXPECT_RV(CKR_OK, InitSigning(&hashing));
    EXPECT_RV(CKR_OK, InitVerifying(&hashing));
    EXPECT_RV(CKR_OK, p11->C_DigestInit(session, &digest));
    EXPECT_RV(CKR_OK, InitEncrypting(&raw));
    EXPECT_RV(CKR_OK, p11->C_FindObjectsInit(session, nullptr, 0));
  }
  // What each operation answers to its next step, in the order signing, verifying, digest,
  // encryption, search. Ends them.
  std::vector<std::string> FinishAll() {
    CK_BYTE output[kRsaBytes];
    CK_ULONG size = sizeof output;
    Bytes signature(kRsaBytes, kSignatureByte);
    std::vector<std::string> answers;
    answers.push_back(RvName(p11->C_SignFinal(session, output, &size)));
    answers.push_back(RvName(p11->C_VerifyFinal(session, signature.data(), signature.size())));
    size = sizeof output;
    answers.push_back(RvName(p11->C_DigestFinal(session, output, &size)));
    size = sizeof output;
    answers.push_back(RvName(p11->C_Encrypt(session, output, 1, output, &size)));
    answers.push_back(RvName(p11->C_FindObjectsFinal(session)));
    return answers;
  }
  CK_FUNCTION_LIST_3_0* Functions30() {
    const auto get = reinterpret_cast<CK_C_GetInterface>(ModuleSymbol("C_GetInterface"));
    CK_VERSION version{3, 0};
    CK_INTERFACE* found = nullptr;
    EXPECT_RV(CKR_OK, get(nullptr, &version, &found, 0));
    return static_cast<CK_FUNCTION_LIST_3_0*>(found->pFunctionList);
  }

  CK_SESSION_HANDLE session = 0;
  CK_OBJECT_HANDLE private_key = 0;
  CK_OBJECT_HANDLE public_key = 0;
  const std::string ok = "CKR_OK";
  const std::string ended = "CKR_OPERATION_NOT_INITIALIZED";
};

TEST_F(Operations, OneOfEachKindGoesSideBySide) {
  BeginAll();
  EXPECT_THAT(FinishAll(), testing::ElementsAre(ok, ok, ok, ok, ok));
  EXPECT_THAT(FinishAll(), testing::Each(ended));
}

TEST_F(Operations, ANullMechanismEndsTheOneOfItsKind) {
  BeginAll();
  EXPECT_RV(CKR_OK, InitVerifying(nullptr));
  EXPECT_RV(CKR_ARGUMENTS_BAD, InitVerifying(nullptr)) << "there is none to end";
  EXPECT_THAT(FinishAll(), testing::ElementsAre(ok, ended, ok, ok, ok));
  BeginAll();
  EXPECT_RV(CKR_OK, InitSigning(nullptr));
  EXPECT_RV(CKR_OK, p11->C_DigestInit(session, nullptr));
  EXPECT_RV(CKR_OK, InitEncrypting(nullptr));
  EXPECT_THAT(FinishAll(), testing::ElementsAre(ended, ok, ended, ended, ok));
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 1U) << "the one that was not ended";
}

TEST_F(Operations, SessionCancelEndsThoseThatItsFlagsName) {
  CK_FUNCTION_LIST_3_0* functions = Functions30();
  BeginAll();
  EXPECT_RV(CKR_OK, functions->C_SessionCancel(session, 0));
  EXPECT_RV(CKR_OK, functions->C_SessionCancel(session, CKF_SIGN | CKF_DIGEST | CKF_DECRYPT));
  EXPECT_THAT(FinishAll(), testing::ElementsAre(ended, ok, ended, ok, ok));
  BeginAll();
  EXPECT_RV(CKR_OK,
            functions->C_SessionCancel(session, CKF_VERIFY | CKF_ENCRYPT | CKF_FIND_OBJECTS));
  EXPECT_THAT(FinishAll(), testing::ElementsAre(ok, ended, ok, ended, ended));
  EXPECT_RV(CKR_OK, functions->C_SessionCancel(session, ~CK_FLAGS{0})) << "none is active";
  EXPECT_RV(CKR_SESSION_HANDLE_INVALID, functions->C_SessionCancel(session + 1, CKF_SIGN));
}

TEST_F(Operations, ACancelledStreamIsAbandoned) {
  CK_MECHANISM mechanism{CKM_SHA256_RSA_PKCS, nullptr, 0};
  EXPECT_RV(CKR_OK, InitSigning(&mechanism));
  Bytes data(200000);
  EXPECT_RV(CKR_OK, p11->C_SignUpdate(session, data.data(), data.size()));
  EXPECT_RV(CKR_OK, Functions30()->C_SessionCancel(session, CKF_SIGN));
  gate.WaitForAbandonedStream();
  EXPECT_EQ(gate.Count(gate::MessageType::kSignEnd), 0U);
}

TEST_F(Operations, TheirStateCannotBeSaved) {
  CK_BYTE state[16];
  CK_ULONG size = sizeof state;
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_GetOperationState(session, state, &size));
  CK_MECHANISM digest{CKM_SHA256, nullptr, 0};
  EXPECT_RV(CKR_OK, p11->C_DigestInit(session, &digest));
  EXPECT_RV(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(session, nullptr, &size));
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_GetOperationState(session, state, nullptr));
  EXPECT_RV(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, state, sizeof state, 0, 0));
}

TEST_F(Operations, EndWithTheirSessionAndNotWithALogout) {
  EXPECT_RV(CKR_OK, p11->C_Login(session, CKU_USER, nullptr, 0));
  BeginAll();
  EXPECT_RV(CKR_OK, p11->C_Logout(session));
  EXPECT_THAT(FinishAll(), testing::ElementsAre(ok, ok, ok, ok, ok));
  BeginAll();
  EXPECT_RV(CKR_OK, p11->C_CloseSession(session));
  EXPECT_THAT(FinishAll(), testing::Each("CKR_SESSION_HANDLE_INVALID"));
}

TEST_F(Operations, AUserNameIsUnknownAndNoneIsLikeLogin) {
  CK_FUNCTION_LIST_3_0* functions = Functions30();
  CK_UTF8CHAR name[] = "alice";
  testing::internal::CaptureStderr();
  EXPECT_RV(CKR_USER_TYPE_INVALID,
            functions->C_LoginUser(session, CKU_USER, nullptr, 0, name, sizeof name - 1));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "grant-pkcs11: refused: the token has no users with names. hint: log in without a user "
            "name: grantd knows you by your user\n");
  EXPECT_RV(CKR_ARGUMENTS_BAD, functions->C_LoginUser(session, CKU_USER, nullptr, 0, nullptr, 5));
  EXPECT_RV(CKR_OK, functions->C_LoginUser(session, CKU_USER, nullptr, 0, nullptr, 0));
  EXPECT_RV(CKR_USER_ALREADY_LOGGED_IN,
            functions->C_LoginUser(session, CKU_USER, nullptr, 0, name, 0));
}

}  // namespace
}  // namespace grant::test
