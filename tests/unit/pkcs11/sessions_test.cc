// Sessions and logins.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class SessionsOfModule : public Host {
 protected:
  CK_STATE StateOf(CK_SESSION_HANDLE session) {
    CK_SESSION_INFO info{};
    EXPECT_RV(CKR_OK, p11->C_GetSessionInfo(session, &info));
    EXPECT_EQ(info.slotID, 77U);
    return info.state;
  }
  CK_RV LogIn(CK_SESSION_HANDLE session, const std::string& pin, CK_USER_TYPE user = CKU_USER) {
    std::string text = pin;
    return p11->C_Login(session, user, reinterpret_cast<CK_UTF8CHAR_PTR>(text.data()), text.size());
  }
};

TEST_F(SessionsOfModule, OpenForReadingAndForWriting) {
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_EQ(StateOf(session), static_cast<CK_STATE>(CKS_RO_PUBLIC_SESSION));
  CK_SESSION_HANDLE writing = 0;
  EXPECT_RV(CKR_OK, p11->C_OpenSession(77, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                                       &writing));
  EXPECT_EQ(StateOf(writing), static_cast<CK_STATE>(CKS_RW_PUBLIC_SESSION));
  EXPECT_RV(CKR_SESSION_PARALLEL_NOT_SUPPORTED,
            p11->C_OpenSession(77, 0, nullptr, nullptr, &session));
  EXPECT_RV(CKR_SLOT_ID_INVALID,
            p11->C_OpenSession(1, CKF_SERIAL_SESSION, nullptr, nullptr, &session));
}

TEST_F(SessionsOfModule, AClosedHandleIsNeverUsedAgain) {
  CK_SESSION_HANDLE first = OpenSession();
  EXPECT_RV(CKR_OK, p11->C_CloseSession(first));
  EXPECT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(first));
  EXPECT_NE(OpenSession(), first);
}

TEST_F(SessionsOfModule, AllOfASlotCloseAtOnce) {
  CK_SESSION_HANDLE first = OpenSession();
  CK_SESSION_HANDLE second = OpenSession();
  EXPECT_RV(CKR_SLOT_ID_INVALID, p11->C_CloseAllSessions(78));
  EXPECT_RV(CKR_OK, p11->C_CloseAllSessions(77));
  EXPECT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(first));
  EXPECT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(second));
}

TEST_F(SessionsOfModule, AnEmptyPinLogsInWithoutAskingGrantd) {
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_RV(CKR_OK, p11->C_Login(session, CKU_USER, nullptr, 0));
  EXPECT_EQ(StateOf(session), static_cast<CK_STATE>(CKS_RO_USER_FUNCTIONS));
  EXPECT_EQ(StateOf(OpenSession()), static_cast<CK_STATE>(CKS_RO_USER_FUNCTIONS));
  EXPECT_RV(CKR_USER_ALREADY_LOGGED_IN, LogIn(session, ""));
  EXPECT_RV(CKR_OK, p11->C_Logout(session));
  EXPECT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_Logout(session));
  EXPECT_EQ(gate.Count(gate::MessageType::kLogin), 0U);
}

TEST_F(SessionsOfModule, AGrantSecretIsCheckedAndGoesWithEachSignatureUntilLogout) {
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_RV(CKR_OK, LogIn(session, "grant-secret"));
  EXPECT_EQ(gate.last_pin(), "grant-secret");
  EXPECT_RV(CKR_OK, Sign(session));
  EXPECT_EQ(gate.last_target().secret, "grant-secret");
  EXPECT_RV(CKR_OK, p11->C_Logout(session));
  EXPECT_RV(CKR_OK, SignInit(session, CKM_SHA256_RSA_PKCS, "release-key"));
  EXPECT_RV(CKR_OK, Sign(session));
  EXPECT_EQ(gate.last_target().secret, "");
}

TEST_F(SessionsOfModule, AWrongPinIsRefusedWithALine) {
  CK_SESSION_HANDLE session = OpenSession();
  gate.Refuse(
      gate::MessageType::kLogin,
      gate::Refused{Cause::kWrongSecret, 0, "no such grant secret", "log in without a PIN"});
  testing::internal::CaptureStderr();
  EXPECT_RV(CKR_PIN_INCORRECT, LogIn(session, "1234"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "grant-pkcs11: refused: no such grant secret. hint: log in without a PIN\n");
  gate.Refuse(gate::MessageType::kLogin, gate::Refused{Cause::kTooManySecrets, 0, "too many", ""});
  EXPECT_RV(CKR_PIN_LOCKED, LogIn(session, "1234"));
  EXPECT_EQ(StateOf(session), static_cast<CK_STATE>(CKS_RO_PUBLIC_SESSION));
}

TEST_F(SessionsOfModule, ATokenThatAcceptsAnyPinReadsNone) {
  gate::TokenRecord token = SampleToken();
  token.accept_any_pin = true;
  gate.SetTokens({token});
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_RV(CKR_OK, LogIn(session, "1234"));
  EXPECT_EQ(gate.Count(gate::MessageType::kLogin), 0U);
  EXPECT_RV(CKR_OK, Sign(session));
  EXPECT_EQ(gate.last_target().secret, "");
}

TEST_F(SessionsOfModule, ATokenThatAcceptsAnyPinStillKnowsGrantSecrets) {
  gate::TokenRecord token = SampleToken();
  token.accept_any_pin = true;
  gate.SetTokens({token});
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_RV(CKR_OK, LogIn(session, "gsec_0123456789ABCDEFGHJKMNPQRS"));
  EXPECT_EQ(gate.last_pin(), "gsec_0123456789ABCDEFGHJKMNPQRS");
  EXPECT_RV(CKR_OK, Sign(session));
  EXPECT_EQ(gate.last_target().secret, "gsec_0123456789ABCDEFGHJKMNPQRS");
}

TEST_F(SessionsOfModule, OnlyTheUserLogsIn) {
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_RV(CKR_USER_TYPE_INVALID, LogIn(session, "1234", CKU_SO));
  EXPECT_RV(CKR_USER_TYPE_INVALID, LogIn(session, "1234", 42));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, LogIn(session, "", CKU_CONTEXT_SPECIFIC));
  EXPECT_RV(CKR_OK, SignInit(session, CKM_SHA256_RSA_PKCS, "release-key"));
  EXPECT_RV(CKR_OK, LogIn(session, "", CKU_CONTEXT_SPECIFIC));
  EXPECT_RV(CKR_PIN_LEN_RANGE, LogIn(session, std::string(256, 'x'), CKU_CONTEXT_SPECIFIC));
}

TEST_F(SessionsOfModule, TheLastSessionEndsTheLogin) {
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_RV(CKR_OK, LogIn(session, ""));
  EXPECT_RV(CKR_OK, p11->C_CloseSession(session));
  EXPECT_EQ(StateOf(OpenSession()), static_cast<CK_STATE>(CKS_RO_PUBLIC_SESSION));
}

TEST_F(SessionsOfModule, PinsCannotBeChanged) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_UTF8CHAR pin[] = "1234";
  EXPECT_RV(CKR_TOKEN_WRITE_PROTECTED, p11->C_SetPIN(session, pin, 4, pin, 4));
  EXPECT_RV(CKR_TOKEN_WRITE_PROTECTED, p11->C_InitPIN(session, pin, 4));
  EXPECT_RV(CKR_TOKEN_WRITE_PROTECTED, p11->C_InitToken(77, pin, 4, pin));
}

}  // namespace
}  // namespace grant::test
