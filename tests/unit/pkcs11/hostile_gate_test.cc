// Whatever sits behind the socket, the module answers, and in time.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

using gate::MessageType;

class HostileGate : public Host {
 protected:
  // The deadline of the calls that are kept waiting.
  void SetUp() override {
    Host::SetUp();
    p11->C_Finalize(nullptr);
    Configure("timeout_ms = 200\n");
    ASSERT_RV(CKR_OK, p11->C_Initialize(nullptr));
  }
};

constexpr Fault kFaults[] = {Fault::kGarbage, Fault::kTruncated, Fault::kOversized,
                             Fault::kSilent,  Fault::kWrongType, Fault::kWrongSequence};

TEST_F(HostileGate, ABadSignatureIsADeviceErrorAndTheNextOneIsFine) {
  for (Fault fault : kFaults) {
    CK_SESSION_HANDLE session = BeginSigning();
    gate.SetFault(MessageType::kSign, fault);
    EXPECT_RV(CKR_DEVICE_ERROR, Sign(session)) << static_cast<int>(fault);
    EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign(session));
    gate.SetFault(MessageType::kSign, {});
    EXPECT_RV(CKR_OK, SignInit(session, CKM_SHA256_RSA_PKCS, "release-key"));
    EXPECT_RV(CKR_OK, Sign(session));
  }
}

TEST_F(HostileGate, ABadListIsADeviceError) {
  CK_SESSION_HANDLE session = OpenSession();
  for (Fault fault : kFaults) {
    CK_ULONG count = 0;
    gate.SetFault(MessageType::kGetTokens, fault);
    gate.SetFault(MessageType::kGetObjects, fault);
    EXPECT_RV(CKR_DEVICE_ERROR, p11->C_GetSlotList(CK_TRUE, nullptr, &count));
    EXPECT_RV(CKR_DEVICE_ERROR, p11->C_FindObjectsInit(session, nullptr, 0));
  }
  gate.SetFault(MessageType::kGetTokens, {});
  gate.SetFault(MessageType::kGetObjects, {});
  EXPECT_EQ(Find(session, {}).size(), 5U);
}

TEST_F(HostileGate, ABadGreetingIsADeviceError) {
  for (Fault fault : kFaults) {
    CK_ULONG count = 0;
    gate.SetFault(MessageType::kHello, fault);
    EXPECT_RV(CKR_DEVICE_ERROR, p11->C_GetSlotList(CK_TRUE, nullptr, &count));
  }
}

TEST_F(HostileGate, AGreetingThatHidesTheRunIsADeviceError) {
  CK_ULONG count = 0;
  gate.HideRun();
  EXPECT_RV(CKR_DEVICE_ERROR, p11->C_GetSlotList(CK_TRUE, nullptr, &count));
}

TEST_F(HostileGate, ABadAnswerToALoginLogsNobodyIn) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_UTF8CHAR pin[] = "secret";
  for (Fault fault : kFaults) {
    gate.SetFault(MessageType::kLogin, fault);
    EXPECT_RV(CKR_DEVICE_ERROR, p11->C_Login(session, CKU_USER, pin, 6)) << static_cast<int>(fault);
    EXPECT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_Logout(session));
  }
}

TEST_F(HostileGate, ABadAnswerWithinAStreamEndsIt) {
  Bytes data(200000);
  CK_BYTE signature[kRsaBytes];
  for (MessageType type : {MessageType::kSignBegin, MessageType::kSignEnd}) {
    for (Fault fault : kFaults) {
      // An empty Begun is what this fault sends.
      if (type == MessageType::kSignBegin && fault == Fault::kWrongType) continue;
      CK_SESSION_HANDLE session = BeginSigning();
      CK_ULONG size = sizeof signature;
      gate.SetFault(type, fault);
      EXPECT_RV(CKR_DEVICE_ERROR, p11->C_Sign(session, data.data(), data.size(), signature, &size));
      gate.SetFault(type, {});
      p11->C_CloseSession(session);
    }
  }
}

TEST_F(HostileGate, ObjectsThatGrantdCannotReadAreARemovedDevice) {
  CK_SESSION_HANDLE session = OpenSession();
  gate.Refuse(MessageType::kGetObjects, gate::Refused{Cause::kTokenUnavailable, 0, "gone", ""});
  EXPECT_RV(CKR_DEVICE_REMOVED, p11->C_FindObjectsInit(session, nullptr, 0));
}

TEST_F(HostileGate, ObjectsWithoutClassAreLeftOut) {
  gate::ObjectRecord nothing;
  nothing.id = 1;
  gate::ObjectRecord stunted;
  stunted.id = 2;
  stunted.attributes = {{CKA_CLASS, false, {1}}};
  gate.SetObjects({nothing, stunted});
  EXPECT_TRUE(Find(OpenSession(), {}).empty());
}

TEST_F(HostileGate, AKeyWithoutItsSizeCannotBegin) {
  auto objects = SampleObjects();
  for (gate::AttributeRecord& attribute : objects[0].attributes) {
    if (attribute.type == CKA_MODULUS) attribute.value.clear();
  }
  for (gate::AttributeRecord& attribute : objects[2].attributes) {
    if (attribute.type == CKA_EC_PARAMS) attribute.value = {1, 2, 3};
  }
  gate.SetObjects(objects);
  EXPECT_RV(CKR_KEY_SIZE_RANGE, SignInit(OpenSession(), CKM_RSA_PKCS, "release-key"));
  EXPECT_RV(CKR_CURVE_NOT_SUPPORTED, SignInit(OpenSession(), CKM_ECDSA, "ec-key"));
}

}  // namespace
}  // namespace grant::test
