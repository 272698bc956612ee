// What ends an operation, a session and the module's life.
#include "tests/unit/pkcs11/wrap/wrap_host.h"

namespace grant::test {
namespace {

class WrapSessions : public WrapHost {};
GRANT_INSTANTIATE_WRAP(WrapSessions);

TEST_P(WrapSessions, ClosedHaveBegunNothing) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  EXPECT_RV(CKR_OK, p11->C_CloseSession(kSession));
  // A backing module may give out the handle again.
  backing->operations[kSession] = {CKM_RSA_PKCS, kGoverned, false};
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
}

TEST_P(WrapSessions, ThatAreAllClosedHaveBegunNothing) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  backing->answers["C_GetSessionInfo"] = CKR_SESSION_HANDLE_INVALID;
  EXPECT_RV(CKR_OK, p11->C_CloseAllSessions(kSlot));
  backing->answers.clear();
  backing->operations[kSession] = {CKM_RSA_PKCS, kGoverned, false};
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
}

TEST_P(WrapSessions, OfAnotherSlotGoOn) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  const auto operations = backing->operations;
  EXPECT_RV(CKR_OK, p11->C_CloseAllSessions(kSlot + 1));
  backing->operations = operations;
  EXPECT_RV(CKR_OK, Sign());
}

TEST_P(WrapSessions, RestoredDoNotSign) {
  CK_BYTE state[4] = {};
  ASSERT_RV(CKR_OK, Begin(kOther));
  ASSERT_RV(CKR_OK, p11->C_SetOperationState(kSession, state, sizeof state, 0, kSecret));
  backing->operations[kSession] = {CKM_RSA_PKCS, kGoverned, false};
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
            p11->C_SetOperationState(kSession, state, sizeof state, 0, kGoverned));
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
            p11->C_SetOperationState(kSession, state, sizeof state, kGoverned, 0));
  EXPECT_EQ(backing->signatures, 0);
}

TEST_P(WrapSessions, CancelledHaveBegunNothing) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  const bool is_3_0 = std::string(GetParam()) == FAKE_BACKING_3_0;
  EXPECT_RV(is_3_0 ? CKR_OK : CKR_FUNCTION_NOT_SUPPORTED,
            functions->C_SessionCancel(kSession, CKF_SIGN));
  EXPECT_RV(is_3_0 ? CKR_OPERATION_NOT_INITIALIZED : CKR_OK, Sign());
}

TEST_P(WrapSessions, OfAnEarlierLifeHaveBegunNothing) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  ASSERT_RV(CKR_OK, p11->C_Finalize(nullptr));
  EXPECT_EQ(backing->calls["C_Finalize"], 1);
  EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, Sign());
  ASSERT_RV(CKR_OK, p11->C_Initialize(nullptr));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
}

TEST_P(WrapSessions, GoOnWhereSomebodyElseHasInitialisedTheBackingModule) {
  ASSERT_RV(CKR_OK, p11->C_Finalize(nullptr));
  backing->answers["C_Initialize"] = CKR_CRYPTOKI_ALREADY_INITIALIZED;
  EXPECT_RV(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(nullptr));
  EXPECT_RV(CKR_OK, Begin(kGoverned));
  EXPECT_RV(CKR_OK, Sign());
}

TEST_P(WrapSessions, NeedABackingModuleThatInitialises) {
  ASSERT_RV(CKR_OK, p11->C_Finalize(nullptr));
  backing->answers["C_Initialize"] = CKR_CANT_LOCK;
  EXPECT_RV(CKR_CANT_LOCK, p11->C_Initialize(nullptr));
  EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, Begin(kGoverned));
}

}  // namespace
}  // namespace grant::test
