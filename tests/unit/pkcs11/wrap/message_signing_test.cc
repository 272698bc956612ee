// Signing message by message: each signature is a use of its own.
#include "tests/unit/pkcs11/wrap/wrap_host.h"

namespace grant::test {
namespace {

class WrapMessageSign : public WrapHost {
 protected:
  CK_RV BeginMessages(CK_OBJECT_HANDLE key) {
    CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
    return functions->C_MessageSignInit(kSession, &mechanism, key);
  }

  CK_RV SignMessage() {
    CK_BYTE data[4] = {'d', 'a', 't', 'a'};
    CK_BYTE signature[64];
    CK_ULONG size = sizeof signature;
    return functions->C_SignMessage(kSession, nullptr, 0, data, sizeof data, signature, &size);
  }

  CK_RV Next(const char* text, bool is_last) {
    std::string part = text;
    CK_BYTE signature[64];
    CK_ULONG size = sizeof signature;
    return functions->C_SignMessageNext(kSession, nullptr, 0,
                                        reinterpret_cast<CK_BYTE*>(part.data()), part.size(),
                                        is_last ? signature : nullptr, is_last ? &size : nullptr);
  }
};
INSTANTIATE_TEST_SUITE_P(Of, WrapMessageSign, testing::Values(FAKE_BACKING_3_0),
                         [](const auto&) { return "Version30"; });

TEST_P(WrapMessageSign, CountsEachMessage) {
  ASSERT_RV(CKR_OK, BeginMessages(kGoverned));
  for (size_t i = 1; i <= 3; ++i) {
    EXPECT_RV(CKR_OK, SignMessage());
    EXPECT_EQ(Spends(), i);
  }
  EXPECT_RV(CKR_OK, functions->C_MessageSignFinal(kSession));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, SignMessage());
  EXPECT_EQ(backing->signatures, 3);
}

TEST_P(WrapMessageSign, InPartsCountsOnceWithAllItsData) {
  ASSERT_RV(CKR_OK, BeginMessages(kGoverned));
  ASSERT_RV(CKR_OK, functions->C_SignMessageBegin(kSession, nullptr, 0));
  ASSERT_RV(CKR_OK, Next("abandoned", false));
  ASSERT_RV(CKR_OK, functions->C_SignMessageBegin(kSession, nullptr, 0));
  ASSERT_RV(CKR_OK, Next("one ", false));
  EXPECT_EQ(Spends(), 0U);
  EXPECT_RV(CKR_OK, Next("two", true));
  EXPECT_EQ(Spends(), 1U);
  EXPECT_EQ(AsText(gate.last_data()), "one two");
}

TEST_P(WrapMessageSign, ARefusedOneEndsTheOperation) {
  RefuseUses();
  ASSERT_RV(CKR_OK, BeginMessages(kGoverned));
  EXPECT_RV(CKR_FUNCTION_REJECTED, SignMessage());
  EXPECT_TRUE(backing->messages.empty());
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, SignMessage());
  backing->answers["C_SessionCancel"] = CKR_FUNCTION_FAILED;
  backing->answers["C_MessageSignInit"] = CKR_FUNCTION_FAILED;
  backing->messages[kSession] = {CKM_RSA_PKCS, kGoverned, false};
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, SignMessage());
  EXPECT_EQ(backing->signatures, 0);
}

TEST_P(WrapMessageSign, OfOtherKeysGoesStraightThrough) {
  ASSERT_RV(CKR_OK, BeginMessages(kOther));
  EXPECT_RV(CKR_OK, SignMessage());
  EXPECT_RV(CKR_OK, SignMessage());
  EXPECT_EQ(backing->calls["C_SignMessage"], 2);
  EXPECT_EQ(Spends(), 0U);
}

TEST_P(WrapMessageSign, IsNoPlainSigning) {
  ASSERT_RV(CKR_OK, BeginMessages(kOther));
  backing->operations[kSession] = {CKM_RSA_PKCS, kGoverned, false};
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  EXPECT_EQ(backing->signatures, 0);
}

}  // namespace
}  // namespace grant::test
