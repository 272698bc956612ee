// The backing module may come back into the module: no lock is held while it is called.
#include <future>
#include <thread>

#include "tests/unit/pkcs11/wrap/wrap_host.h"

namespace grant::test {
namespace {

class WrapReentrance : public WrapHost {
 protected:
  // A whole signature in another session.
  void SignElsewhere() {
    CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
    EXPECT_RV(CKR_OK, p11->C_SignInit(kElsewhere, &mechanism, kGoverned));
    EXPECT_RV(CKR_OK, Sign(kElsewhere));
    EXPECT_RV(CKR_OK, p11->C_CloseSession(kElsewhere));
  }

  // Lets the backing module do that within its function, once.
  template <typename Run>
  void During(const std::string& function, const Run& run) {
    backing->hook = [this, function, run](const std::string& called) {
      if (called != function) return;
      const Run body = run;  // this function object ends with the hook
      backing->hook = nullptr;
      body();
    };
  }

  static constexpr CK_SESSION_HANDLE kElsewhere = 9;
};
GRANT_INSTANTIATE_WRAP(WrapReentrance);

TEST_P(WrapReentrance, OnTheSameThreadWorks) {
  size_t signatures = 0;
  for (const char* function : {"C_GetAttributeValue", "C_GetSessionInfo", "C_GetTokenInfo",
                               "C_SignInit", "C_Sign", "C_SignUpdate", "C_SignFinal"}) {
    // So that the key is looked at anew.
    ASSERT_RV(CKR_OK, p11->C_CloseSession(kElsewhere)) << function;
    During(function, [this] { SignElsewhere(); });
    ASSERT_RV(CKR_OK, Begin(kGoverned)) << function;
    ASSERT_RV(CKR_OK, Sign()) << function;
    ASSERT_RV(CKR_OK, Begin(kGoverned, CKM_SHA256_RSA_PKCS)) << function;
    ASSERT_RV(CKR_OK, Update("data")) << function;
    ASSERT_RV(CKR_OK, Final()) << function;
    EXPECT_FALSE(backing->hook) << function << " was never called";
    signatures += 3;
    EXPECT_EQ(Spends(), signatures) << function;
  }
}

TEST_P(WrapReentrance, OfAnotherThreadMeanwhileWorks) {
  for (const char* function : {"C_SignInit", "C_Sign", "C_DecryptInit", "C_CloseSession"}) {
    During(function, [this] { std::thread([this] { SignElsewhere(); }).join(); });
    ASSERT_RV(CKR_OK, Begin(kGoverned)) << function;
    ASSERT_RV(CKR_OK, Sign()) << function;
    CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
    ASSERT_RV(CKR_OK, p11->C_DecryptInit(kSession, &mechanism, kOther));
    ASSERT_RV(CKR_OK, p11->C_CloseSession(kSession));
    EXPECT_FALSE(backing->hook) << function << " was never called";
  }
}

// Another key's operation must not take the place of one that is being signed with.
TEST_P(WrapReentrance, OfTheSameSessionIsTurnedAway) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  During("C_Sign", [this] {
    EXPECT_RV(CKR_OPERATION_ACTIVE, Begin(kOther));
    EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
    EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final());
  });
  EXPECT_RV(CKR_OK, Sign());
  EXPECT_EQ(backing->signatures, 1);
  EXPECT_EQ(Spends(), 1U);
}

// Whatever ends an operation that is being signed with, another key's cannot take its place.
TEST_P(WrapReentrance, ThatEndsTheOperationBeginsNoOtherMeanwhile) {
  CK_BYTE state[4] = {};
  ASSERT_RV(CKR_OK, Begin(kOther));
  During("C_Sign", [&] {
    EXPECT_RV(CKR_OPERATION_ACTIVE,
              p11->C_SetOperationState(kSession, state, sizeof state, 0, kSecret));
    EXPECT_RV(CKR_OK, p11->C_CloseSession(kSession));
    EXPECT_RV(CKR_OPERATION_ACTIVE, Begin(kGoverned)) << "in a session that got the handle";
    EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Update("data"));
  });
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  EXPECT_EQ(backing->signatures, 0);
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  EXPECT_RV(CKR_OK, Sign());
  EXPECT_EQ(Spends(), 1U);
}

TEST_P(WrapReentrance, ThatClosesTheSessionLeavesNothingBehind) {
  During("C_SignInit", [this] { EXPECT_RV(CKR_OK, p11->C_CloseSession(kSession)); });
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  EXPECT_EQ(backing->signatures, 0);
}

}  // namespace
}  // namespace grant::test
