// Slots and tokens, with grantd there, away and back.
#include <algorithm>

#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class Slots : public Host {
 protected:
  std::vector<CK_SLOT_ID> List(bool with_token) {
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    EXPECT_RV(CKR_OK, p11->C_GetSlotList(with_token ? CK_TRUE : CK_FALSE, slots, &count));
    return {slots, slots + count};
  }
};

template <size_t N>
std::string TextOf(const CK_UTF8CHAR (&field)[N]) {
  return {reinterpret_cast<const char*>(field), N};
}

std::string Padded(std::string text, size_t size) {
  text.resize(size, ' ');
  return text;
}

TEST_F(Slots, AreThoseOfGrantd) {
  EXPECT_THAT(List(true), testing::ElementsAre(77));
  EXPECT_THAT(List(false), testing::ElementsAre(77));
  CK_SLOT_INFO info{};
  EXPECT_RV(CKR_OK, p11->C_GetSlotInfo(77, &info));
  EXPECT_EQ(TextOf(info.slotDescription), Padded("SoftHSM slot ID 0x4d", 64));
  EXPECT_EQ(info.flags, static_cast<CK_FLAGS>(CKF_TOKEN_PRESENT));
  EXPECT_RV(CKR_SLOT_ID_INVALID, p11->C_GetSlotInfo(78, &info));
}

TEST_F(Slots, TheListIsGivenByTheUsualTwoCalls) {
  CK_ULONG count = 0;
  CK_SLOT_ID slot = 0;
  EXPECT_RV(CKR_OK, p11->C_GetSlotList(CK_TRUE, nullptr, &count));
  EXPECT_EQ(count, 1U);
  count = 0;
  EXPECT_RV(CKR_BUFFER_TOO_SMALL, p11->C_GetSlotList(CK_TRUE, &slot, &count));
  EXPECT_EQ(count, 1U);
}

TEST_F(Slots, TheTokenLooksLikeTheBackingOneButWriteProtectedAndWithoutLogin) {
  CK_TOKEN_INFO info{};
  ASSERT_RV(CKR_OK, p11->C_GetTokenInfo(77, &info));
  EXPECT_EQ(TextOf(info.label), Padded("prod", 32));
  EXPECT_EQ(TextOf(info.manufacturerID), Padded("SoftHSM project", 32));
  EXPECT_EQ(TextOf(info.model), Padded("SoftHSM v2", 16));
  EXPECT_EQ(TextOf(info.serialNumber), "0123456789abcdef");
  EXPECT_EQ(info.flags, static_cast<CK_FLAGS>(CKF_RNG | CKF_WRITE_PROTECTED |
                                              CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED));
}

TEST_F(Slots, SessionsAreCounted) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_TOKEN_INFO info{};
  ASSERT_RV(CKR_OK, p11->C_GetTokenInfo(77, &info));
  EXPECT_EQ(info.ulSessionCount, 1U);
  EXPECT_EQ(info.ulRwSessionCount, 0U);
  p11->C_CloseSession(session);
}

TEST_F(Slots, OnlyMechanismsThatGrantdServesAreOffered) {
  CK_MECHANISM_TYPE types[16];
  CK_ULONG count = 16;
  ASSERT_RV(CKR_OK, p11->C_GetMechanismList(77, types, &count));
  EXPECT_EQ(count, 10U);
  CK_MECHANISM_INFO info{};
  EXPECT_RV(CKR_OK, p11->C_GetMechanismInfo(77, CKM_RSA_PKCS, &info));
  EXPECT_EQ(info.ulMaxKeySize, 16384U);
  EXPECT_EQ(info.flags, static_cast<CK_FLAGS>(CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT));
  EXPECT_RV(CKR_OK, p11->C_GetMechanismInfo(77, CKM_SHA256, &info));
  EXPECT_EQ(info.flags, static_cast<CK_FLAGS>(CKF_DIGEST));
  EXPECT_RV(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(77, CKM_AES_CBC, &info));
  EXPECT_RV(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(77, CKM_ECDSA_SHA1, &info));
}

TEST_F(Slots, WithoutGrantdThereIsOneThatSaysWhereItWasSought) {
  gate.Stop();
  EXPECT_THAT(List(true), testing::IsEmpty());
  EXPECT_THAT(List(false), testing::ElementsAre(0));
  CK_SLOT_INFO slot{};
  EXPECT_RV(CKR_OK, p11->C_GetSlotInfo(0, &slot));
  EXPECT_THAT(TextOf(slot.slotDescription), testing::HasSubstr("no grantd at unix:/"));
  EXPECT_EQ(slot.flags & CKF_TOKEN_PRESENT, 0U);
  CK_TOKEN_INFO token{};
  EXPECT_RV(CKR_TOKEN_NOT_PRESENT, p11->C_GetTokenInfo(0, &token));
  CK_SESSION_HANDLE session = 0;
  EXPECT_RV(CKR_TOKEN_NOT_PRESENT,
            p11->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &session));
}

TEST_F(Slots, OnceKnownTheyStayAndTheirTokensComeBack) {
  EXPECT_THAT(List(true), testing::ElementsAre(77));
  gate.Stop();
  EXPECT_THAT(List(true), testing::IsEmpty());
  EXPECT_THAT(List(false), testing::ElementsAre(77));
  CK_TOKEN_INFO token{};
  EXPECT_RV(CKR_TOKEN_NOT_PRESENT, p11->C_GetTokenInfo(77, &token));
  gate.Start();
  EXPECT_THAT(List(true), testing::ElementsAre(77));
  EXPECT_RV(CKR_OK, p11->C_GetTokenInfo(77, &token));
}

TEST_F(Slots, ATokenThatGrantdNoLongerHasLeavesAnEmptySlot) {
  EXPECT_THAT(List(true), testing::ElementsAre(77));
  gate::TokenRecord other = SampleToken();
  other.name = "other";
  other.slot_id = 78;
  gate.SetTokens({other});
  EXPECT_THAT(List(true), testing::ElementsAre(78));
  EXPECT_THAT(List(false), testing::ElementsAre(77, 78));
}

TEST_F(Slots, TwoTokensInOneSlotAreAFault) {
  gate.SetTokens({SampleToken(), SampleToken()});
  CK_ULONG count = 0;
  EXPECT_RV(CKR_DEVICE_ERROR, p11->C_GetSlotList(CK_TRUE, nullptr, &count));
}

TEST_F(Slots, GrantdAwayIsToldOnceNotAtEachCall) {
  gate.Stop();
  testing::internal::CaptureStderr();
  List(true);
  List(true);
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(told, '\n'), 1) << told;
  EXPECT_THAT(told, testing::StartsWith("grant-pkcs11: failed: cannot reach grantd at unix:/"));
}

TEST_F(Slots, EventsNeverCome) {
  CK_SLOT_ID slot = 0;
  EXPECT_RV(CKR_NO_EVENT, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr));
  EXPECT_RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_WaitForSlotEvent(0, &slot, nullptr));
}

}  // namespace
}  // namespace grant::test
