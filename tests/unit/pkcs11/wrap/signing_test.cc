// Signing with a governed key: a use is spent first, then the backing module signs.
#include <atomic>
#include <functional>
#include <vector>

#include "tests/unit/pkcs11/wrap/wrap_host.h"

namespace grant::test {
namespace {

class WrapSign : public WrapHost {};
GRANT_INSTANTIATE_WRAP(WrapSign);

TEST_P(WrapSign, SpendsOneUseAndSigns) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  EXPECT_EQ(Spends(), 0U);
  EXPECT_RV(CKR_OK, Sign());
  EXPECT_EQ(Spends(), 1U);
  EXPECT_EQ(backing->signatures, 1);
  EXPECT_EQ(AsText(gate.last_data()), "data");
  const gate::SignTarget target = gate.last_target();
  EXPECT_TRUE(target.spend_only);
  EXPECT_EQ(target.token, "prod");
  EXPECT_EQ(target.key_id, kGovernedId);
  EXPECT_EQ(target.mechanism.type, CKM_RSA_PKCS);
  EXPECT_FALSE(target.opaque_parameters);
}

TEST_P(WrapSign, LooksAtTheKeyOnceForSignaturesInARow) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  ASSERT_RV(CKR_OK, Sign());
  const int looks = backing->calls["C_GetAttributeValue"];
  for (int i = 0; i < 50; ++i) {
    ASSERT_RV(CKR_OK, Begin(kGoverned));
    ASSERT_RV(CKR_OK, Sign());
  }
  // More often only where they take longer than what is known is believed.
  EXPECT_LT(backing->calls["C_GetAttributeValue"], 10 * looks);
  EXPECT_EQ(Spends(), 51U);
}

TEST_P(WrapSign, LooksAtTheKeyAgainAfterAnyOtherCall) {
  CK_SESSION_INFO info{};
  CK_ULONG count = 0;
  for (const auto& other : std::vector<std::function<void()>>{
           [&] { p11->C_CloseSession(kSession + 1); }, [&] { p11->C_FindObjectsFinal(kSession); },
           [&] { p11->C_GetSessionInfo(kSession, &info); },
           [&] { p11->C_DestroyObject(kSession, kPublic); }, [&] { p11->C_Logout(kSession); },
           [&] { p11->C_GetSlotList(CK_TRUE, nullptr, &count); }}) {
    ASSERT_RV(CKR_OK, Begin(kGoverned));
    ASSERT_RV(CKR_OK, Sign());
    const int looks = backing->calls["C_GetAttributeValue"];
    other();
    const int looks_of_other = backing->calls["C_GetAttributeValue"] - looks;
    ASSERT_RV(CKR_OK, Begin(kGoverned));
    EXPECT_GT(backing->calls["C_GetAttributeValue"], looks + looks_of_other);
    ASSERT_RV(CKR_OK, Sign());
  }
}

TEST_P(WrapSign, LooksAtAHandleInEachSession) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  const int looks = backing->calls["C_GetAttributeValue"];
  CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
  ASSERT_RV(CKR_OK, p11->C_SignInit(kSession + 1, &mechanism, kGoverned));
  EXPECT_GT(backing->calls["C_GetAttributeValue"], looks);
}

TEST_P(WrapSign, WhatChangesWhileAKeyIsLookedAtIsLookedAtAgain) {
  backing->hook = [this](const std::string& called) {
    if (called != "C_GetAttributeValue") return;
    backing->hook = nullptr;
    p11->C_DestroyObject(kSession, kPublic);
  };
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  ASSERT_RV(CKR_OK, Sign());
  const int looks = backing->calls["C_GetAttributeValue"];
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  EXPECT_GT(backing->calls["C_GetAttributeValue"], looks);
}

TEST_P(WrapSign, OnceOnly) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  EXPECT_RV(CKR_OK, Sign());
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  EXPECT_EQ(backing->signatures, 1);
}

TEST_P(WrapSign, SpendsBeforeItSigns) {
  gate.SetSigner([this](const gate::SignTarget&, ByteView) {
    EXPECT_EQ(backing->signatures, 0);
    return Bytes();
  });
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  EXPECT_RV(CKR_OK, Sign());
  EXPECT_EQ(backing->signatures, 1);
}

TEST_P(WrapSign, SpendsNothingForSizesAndSmallBuffers) {
  ASSERT_RV(CKR_OK, Begin(kGoverned, CKM_SHA256_RSA_PKCS));
  CK_BYTE data[4] = {};
  CK_BYTE small[1];
  CK_ULONG size = 0;
  for (int i = 0; i < 3; ++i) {
    EXPECT_RV(CKR_OK, p11->C_Sign(kSession, data, sizeof data, nullptr, &size));
    EXPECT_EQ(size, 9U);
    size = sizeof small;
    EXPECT_RV(CKR_BUFFER_TOO_SMALL, p11->C_Sign(kSession, data, sizeof data, small, &size));
    EXPECT_EQ(size, 9U);
    EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Sign(kSession, data, sizeof data, small, nullptr));
  }
  ASSERT_RV(CKR_OK, Update("data"));
  size = sizeof small;
  EXPECT_RV(CKR_BUFFER_TOO_SMALL, p11->C_SignFinal(kSession, small, &size));
  EXPECT_EQ(Spends(), 0U);
  EXPECT_EQ(backing->signatures, 0);
  EXPECT_RV(CKR_OK, Final());
  EXPECT_EQ(Spends(), 1U);
}

TEST_P(WrapSign, KeepsTheOperationWhereTheArgumentsAreBad) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  CK_BYTE signature[64];
  CK_ULONG size = sizeof signature;
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Sign(kSession, nullptr, 0, signature, &size));
  EXPECT_EQ(Spends(), 0U);
  EXPECT_RV(CKR_OK, Sign());
}

TEST_P(WrapSign, InPartsSendsTheSameBytesAndSpendsOne) {
  const std::string part(50000, 'x');
  ASSERT_RV(CKR_OK, Begin(kGoverned, CKM_SHA256_RSA_PKCS));
  for (int i = 0; i < 4; ++i) ASSERT_RV(CKR_OK, Update(part));
  EXPECT_RV(CKR_OK, Final());
  EXPECT_EQ(AsText(gate.last_data()), part + part + part + part);
  EXPECT_EQ(Spends(), 1U);
  EXPECT_EQ(backing->calls["C_SignUpdate"], 4);
}

TEST_P(WrapSign, ARefusedOneLeavesNothingBehind) {
  RefuseUses();
  for (const CK_MECHANISM_TYPE type : {CKM_RSA_PKCS, CKM_SHA256_RSA_PKCS}) {
    ASSERT_RV(CKR_OK, Begin(kGoverned, type));
    EXPECT_RV(CKR_FUNCTION_REJECTED, Sign());
    EXPECT_TRUE(backing->operations.empty()) << "also in the backing module";
    EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  }
  ASSERT_RV(CKR_OK, Begin(kGoverned, CKM_SHA256_RSA_PKCS));
  ASSERT_RV(CKR_OK, Update("data"));
  EXPECT_RV(CKR_FUNCTION_REJECTED, Final());
  EXPECT_TRUE(backing->operations.empty());
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final());
  EXPECT_EQ(backing->signatures, 0);
}

TEST_P(WrapSign, OfAModuleThatKeepsTheOperationGivesNoSignatureEvenSo) {
  RefuseUses();
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  backing->answers["C_SignUpdate"] = CKR_FUNCTION_FAILED;
  backing->answers["C_SessionCancel"] = CKR_FUNCTION_FAILED;
  EXPECT_RV(CKR_FUNCTION_REJECTED, Sign());
  EXPECT_FALSE(backing->operations.empty());
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final());
  EXPECT_EQ(backing->signatures, 0);
}

// That a key is governed is remembered for a moment; that it is not would let signatures through.
TEST_P(WrapSign, AKeyThatBecameGovernedIsSeenAtOnce) {
  std::atomic<bool> governed = false;
  gate.SetIdentifier([&governed](const gate::IdentifyKey&) {
    return governed ? gate::KeyIdentified{gate::SignerRecord{"late", {}}, "prod", 7}
                    : gate::KeyIdentified{};
  });
  ASSERT_RV(CKR_OK, Begin(kOther));
  ASSERT_RV(CKR_OK, Sign());
  governed = true;
  RefuseUses();
  ASSERT_RV(CKR_OK, Begin(kOther));
  EXPECT_RV(CKR_FUNCTION_REJECTED, Sign());
}

TEST_P(WrapSign, WithoutGrantdIsRefused) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  gate.Stop();
  EXPECT_RV(CKR_DEVICE_REMOVED, Sign());
  EXPECT_RV(CKR_DEVICE_REMOVED, Begin(kGoverned));
  EXPECT_RV(CKR_DEVICE_REMOVED, Begin(kOther)) << "whose it is cannot be told";
  EXPECT_RV(CKR_OK, Begin(kSecret));
  EXPECT_EQ(backing->signatures, 0);
}

TEST_P(WrapSign, IsNotMadeWhereTheAnswerIsNotThatAUseWasSpent) {
  for (const Fault fault : {Fault::kGarbage, Fault::kWrongType, Fault::kHangUp}) {
    ASSERT_RV(CKR_OK, Begin(kGoverned));
    gate.SetFault(gate::MessageType::kSign, fault);
    EXPECT_NE(Sign(), CKR_OK);
    gate.SetFault(gate::MessageType::kSign, std::nullopt);
  }
  EXPECT_EQ(backing->signatures, 0);
}

TEST_P(WrapSign, OfOtherKeysGoesStraightThrough) {
  for (const CK_OBJECT_HANDLE key : {kOther, kSecret}) {
    ASSERT_RV(CKR_OK, Begin(key));
    EXPECT_RV(CKR_OK, Sign());
  }
  EXPECT_EQ(backing->signatures, 2);
  EXPECT_EQ(backing->calls["C_Sign"], 2) << "not asked for the size";
  EXPECT_EQ(Spends(), 0U);
  EXPECT_EQ(Identified(), 1U) << "a secret key is none of grantd's business";
}

TEST_P(WrapSign, KnowsTheKeyOfTheOperationThatIsUnderWay) {
  ASSERT_RV(CKR_OK, Begin(kGoverned));
  EXPECT_RV(CKR_OPERATION_ACTIVE, Begin(kOther));
  EXPECT_RV(CKR_OK, Sign());
  EXPECT_EQ(Spends(), 1U);
}

TEST_P(WrapSign, AnswersAsTheBackingModuleWhereNothingWasBegun) {
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  EXPECT_RV(CKR_SESSION_HANDLE_INVALID, Sign(kSessionsMax));
  // An operation that another has begun, for instance the parent of a fork.
  backing->operations[kSession] = {CKM_SHA256_RSA_PKCS, kOther, false};
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final());
  EXPECT_EQ(backing->signatures, 0);
}

TEST_P(WrapSign, RefusesAMechanismThatTheSignerDoesNotAllow) {
  gate.SetIdentifier([](const gate::IdentifyKey&) {
    return gate::KeyIdentified{gate::SignerRecord{"release", {CKM_RSA_PKCS}}, "prod", 1};
  });
  EXPECT_RV(CKR_MECHANISM_INVALID, Begin(kGoverned, CKM_SHA256_RSA_PKCS));
  EXPECT_EQ(backing->calls["C_SignInit"], 0);
  EXPECT_RV(CKR_OK, Begin(kGoverned, CKM_RSA_PKCS));
}

TEST_P(WrapSign, TellsGrantdOfParametersThatItCannotSend) {
  CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, 32};
  CK_MECHANISM known{CKM_RSA_PKCS_PSS, &pss, sizeof pss};
  ASSERT_RV(CKR_OK, p11->C_SignInit(kSession, &known, kGoverned));
  ASSERT_RV(CKR_OK, Sign());
  EXPECT_EQ(gate.last_target().mechanism.pss->salt_bytes, 32U);
  CK_MECHANISM unknown{CKM_EDDSA, &pss, 1};
  ASSERT_RV(CKR_OK, p11->C_SignInit(kSession, &unknown, kGoverned));
  ASSERT_RV(CKR_OK, Sign());
  EXPECT_TRUE(gate.last_target().opaque_parameters);
}

TEST_P(WrapSign, UsesNoKeyThatCannotBeRead) {
  backing->answers["C_GetAttributeValue"] = CKR_DEVICE_ERROR;
  EXPECT_RV(CKR_DEVICE_ERROR, Begin(kGoverned));
  backing->answers.clear();
  backing->answers["C_GetTokenInfo"] = CKR_DEVICE_REMOVED;
  EXPECT_RV(CKR_DEVICE_REMOVED, Begin(kGoverned));
  EXPECT_EQ(backing->calls["C_SignInit"], 0);
}

// A token that is being connected again may not know a session for a moment.
TEST_P(WrapSign, UsesNoKeyThatWasNotThereWhenItWasLookedAt) {
  for (const CK_RV rv : {CKR_SESSION_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID}) {
    backing->answers["C_GetAttributeValue"] = rv;
    EXPECT_RV(CKR_KEY_HANDLE_INVALID, Begin(kGoverned));
    backing->answers.clear();
    EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  }
  EXPECT_EQ(backing->signatures, 0);
}

TEST_P(WrapSign, TakesAnOperationWhoseBeginningFailedForNoOther) {
  ASSERT_RV(CKR_OK, Begin(kOther));
  // The backing module has ended that operation, and begins the next although it says otherwise.
  backing->answers["C_SignInit"] = CKR_DEVICE_ERROR;
  EXPECT_RV(CKR_DEVICE_ERROR, Begin(kGoverned));
  backing->operations[kSession] = {CKM_RSA_PKCS, kGoverned, false};
  backing->answers.clear();
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign());
  EXPECT_EQ(backing->signatures, 0);
}

TEST_P(WrapSign, LeavesWrongHandlesToTheBackingModule) {
  EXPECT_RV(CKR_KEY_HANDLE_INVALID, Begin(99));
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_SignInit(kSession, nullptr, kGoverned));
  EXPECT_EQ(Identified(), 0U);
}

TEST_P(WrapSign, WithRecoveryCountsToo) {
  CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
  CK_BYTE data[4] = {};
  CK_BYTE signature[64];
  CK_ULONG size = 0;
  ASSERT_RV(CKR_OK, p11->C_SignRecoverInit(kSession, &mechanism, kGoverned));
  EXPECT_RV(CKR_OK, p11->C_SignRecover(kSession, data, sizeof data, nullptr, &size));
  EXPECT_EQ(Spends(), 0U);
  size = sizeof signature;
  EXPECT_RV(CKR_OK, p11->C_SignRecover(kSession, data, sizeof data, signature, &size));
  EXPECT_EQ(Spends(), 1U);
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED,
            p11->C_SignRecover(kSession, data, sizeof data, signature, &size));
  EXPECT_EQ(backing->signatures, 1);
}

TEST_P(WrapSign, WhileEncryptingCountsTheSameBytes) {
  CK_BYTE part[4] = {'p', 'a', 'r', 't'};
  CK_BYTE encrypted[4];
  CK_ULONG size = 0;
  ASSERT_RV(CKR_OK, Begin(kGoverned, CKM_SHA256_RSA_PKCS));
  ASSERT_RV(CKR_OK, p11->C_SignEncryptUpdate(kSession, part, 4, nullptr, &size));
  ASSERT_RV(CKR_OK, p11->C_SignEncryptUpdate(kSession, part, 4, encrypted, &size));
  EXPECT_RV(CKR_OK, Final());
  EXPECT_EQ(AsText(gate.last_data()), "part");
  EXPECT_EQ(Spends(), 1U);
}

}  // namespace
}  // namespace grant::test
