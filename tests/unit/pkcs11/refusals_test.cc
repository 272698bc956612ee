// Every refusal of grantd, as the host sees it and as the person reads it.
#include <algorithm>

#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class Refusals : public Host {};

TEST_F(Refusals, EachCauseHasItsReturnValueAndItsLine) {
  const std::vector<std::pair<Cause, CK_RV>> expected = {
      {Cause::kNoGrant, CKR_FUNCTION_REJECTED},
      {Cause::kNotYetValid, CKR_FUNCTION_REJECTED},
      {Cause::kExpired, CKR_FUNCTION_REJECTED},
      {Cause::kUsedUp, CKR_FUNCTION_REJECTED},
      {Cause::kRevoked, CKR_FUNCTION_REJECTED},
      {Cause::kOtherHolder, CKR_FUNCTION_REJECTED},
      {Cause::kDigestNotInGrant, CKR_FUNCTION_REJECTED},
      {Cause::kNotAUser, CKR_FUNCTION_REJECTED},
      {Cause::kNotGoverned, CKR_FUNCTION_REJECTED},
      {Cause::kKeyNotFound, CKR_KEY_HANDLE_INVALID},
      {Cause::kMechanismNotAllowed, CKR_MECHANISM_INVALID},
      {Cause::kMechanismParameters, CKR_MECHANISM_PARAM_INVALID},
      {Cause::kKeyType, CKR_KEY_TYPE_INCONSISTENT},
      {Cause::kDataLength, CKR_DATA_LEN_RANGE},
      {Cause::kWrongSecret, CKR_PIN_INCORRECT},
      {Cause::kTooManySecrets, CKR_PIN_LOCKED},
      {Cause::kTokenRefused, CKR_DEVICE_ERROR},
      {Cause::kTokenUnavailable, CKR_DEVICE_REMOVED},
      {Cause::kStoreFailing, CKR_DEVICE_ERROR},
      {Cause::kBusy, CKR_FUNCTION_FAILED},
      {Cause::kProtocol, CKR_DEVICE_ERROR},
      {Cause::kOutOfScope, CKR_FUNCTION_REJECTED},
      {Cause::kOutsideHours, CKR_FUNCTION_REJECTED},
      {Cause::kDatabaseRestored, CKR_DEVICE_ERROR},
      {Cause::kClockWrong, CKR_DEVICE_ERROR},
      {Cause::kKeyUnsafe, CKR_FUNCTION_REJECTED},
      {Cause::kSealed, CKR_FUNCTION_REJECTED},
  };
  // Two are about verifying, and no refusals to a person.
  ASSERT_EQ(expected.size() + 2, static_cast<size_t>(Cause::kSealed));
  for (const auto& [cause, rv] : expected) {
    CK_SESSION_HANDLE session = BeginSigning();
    const gate::Refused refused{cause, 0, "no\nway", "try this"};
    gate.SetSigner([refused](const gate::SignTarget&, ByteView) { return refused; });
    testing::internal::CaptureStderr();
    EXPECT_RV(rv, Sign(session)) << CauseName(cause);
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "grant-pkcs11: refused: no way. hint: try this\n")
        << CauseName(cause);
    EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign(session));
    p11->C_CloseSession(session);
  }
}

TEST_F(Refusals, ARefusedCallLeavesTheConnectionInUse) {
  CK_SESSION_HANDLE session = BeginSigning();
  gate.SetSigner([](const gate::SignTarget&, ByteView) {
    return gate::Refused{Cause::kUsedUp, 0, "used up", ""};
  });
  EXPECT_RV(CKR_FUNCTION_REJECTED, Sign(session));
  EXPECT_RV(CKR_OK, SignInit(session, CKM_SHA256_RSA_PKCS, "release-key"));
  EXPECT_EQ(gate.Count(gate::MessageType::kHello), 1U);
}

TEST_F(Refusals, AMechanismOutsideTheSignersListIsRefusedAtOnce) {
  auto objects = SampleObjects();
  objects[0].signer->mechanisms = {CKM_RSA_PKCS};
  gate.SetObjects(objects);
  CK_SESSION_HANDLE session = OpenSession();
  testing::internal::CaptureStderr();
  EXPECT_RV(CKR_MECHANISM_INVALID, SignInit(session, CKM_SHA256_RSA_PKCS, "release-key"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "grant-pkcs11: refused: signer release does not allow SHA256-RSA-PKCS. "
            "hint: grantctl signer show release\n");
  EXPECT_RV(CKR_OK, SignInit(session, CKM_RSA_PKCS, "release-key"));
}

}  // namespace
}  // namespace grant::test
