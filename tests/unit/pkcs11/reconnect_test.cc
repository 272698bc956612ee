// grantd goes away and comes back; the host goes on without noticing more than a failed call.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class Reconnect : public Host {};

TEST_F(Reconnect, ASessionWorksAgainOnceGrantdIsBack) {
  CK_SESSION_HANDLE session = BeginSigning();
  gate.Stop();
  EXPECT_RV(CKR_DEVICE_REMOVED, Sign(session));
  EXPECT_RV(CKR_DEVICE_REMOVED, p11->C_FindObjectsInit(session, nullptr, 0));
  gate.Start();
  EXPECT_RV(CKR_OK, SignInit(session, CKM_SHA256_RSA_PKCS, "release-key"));
  EXPECT_RV(CKR_OK, Sign(session));
}

TEST_F(Reconnect, HandlesNameTheSameObjectsInAnotherRun) {
  CK_SESSION_HANDLE session = OpenSession();
  const auto before = Find(session, {});
  gate.Stop();
  gate.BecomeAnotherRun();
  gate.Start();
  EXPECT_EQ(Find(session, {}), before);
}

TEST_F(Reconnect, ASignatureIsNeverMadeWithTheKeyThatTookOverTheNumber) {
  CK_SESSION_HANDLE session = BeginSigning();
  gate.Stop();
  gate.BecomeAnotherRun();
  gate.Start();
  EXPECT_RV(CKR_OK, Sign(session));
  EXPECT_EQ(gate.last_target().key_id, 1U);
}

TEST_F(Reconnect, AKeyThatIsGoneAfterwardsIsNotReplacedByAnother) {
  CK_SESSION_HANDLE session = BeginSigning();
  gate.Stop();
  gate.BecomeAnotherRun();
  auto objects = SampleObjects();
  objects[0].attributes.push_back(Text(CKA_PUBLIC_KEY_INFO, "another key of the same name"));
  gate.SetObjects(objects);
  gate.Start();
  EXPECT_RV(CKR_KEY_HANDLE_INVALID, Sign(session));
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 0U);
}

TEST_F(Reconnect, AKeptConnectionThatDiedIsReplacedBeforeItIsUsed) {
  CK_SESSION_HANDLE session = BeginSigning();
  gate.Stop();
  gate.Start();
  EXPECT_RV(CKR_OK, Sign(session));
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 1U);
  gate.Stop();
  gate.Start();
  EXPECT_EQ(Find(session, {}).size(), 5U);
}

TEST_F(Reconnect, AQuestionIsAskedAgainWhereAKeptConnectionHangsUp) {
  CK_SESSION_HANDLE session = OpenSession();
  Find(session, {});
  gate.SetFault(gate::MessageType::kGetObjects, Fault::kHangUp);
  const size_t before = gate.Count(gate::MessageType::kGetObjects);
  EXPECT_RV(CKR_DEVICE_REMOVED, p11->C_FindObjectsInit(session, nullptr, 0));
  EXPECT_EQ(gate.Count(gate::MessageType::kGetObjects), before + 2);
}

TEST_F(Reconnect, ASignatureIsAskedForOnceOnly) {
  CK_SESSION_HANDLE session = BeginSigning();
  gate.SetFault(gate::MessageType::kSign, Fault::kHangUp);
  EXPECT_RV(CKR_DEVICE_REMOVED, Sign(session));
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 1U);
}

TEST_F(Reconnect, OneConnectionServesManyCalls) {
  CK_SESSION_HANDLE session = BeginSigning();
  for (int i = 0; i < 5; ++i) {
    EXPECT_RV(CKR_OK, Sign(session));
    EXPECT_RV(CKR_OK, SignInit(session, CKM_SHA256_RSA_PKCS, "release-key"));
  }
  EXPECT_EQ(gate.Count(gate::MessageType::kHello), 1U);
}

}  // namespace
}  // namespace grant::test
