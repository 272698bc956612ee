// C_Verify* with public keys.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class Verifying : public Host {
 protected:
  CK_RV Init(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type = CKM_SHA256_RSA_PKCS) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    return p11->C_VerifyInit(session, &mechanism, PublicKey(session));
  }
  CK_SESSION_HANDLE Begin() {
    CK_SESSION_HANDLE session = OpenSession();
    EXPECT_RV(CKR_OK, Init(session));
    return session;
  }
  CK_RV Verify(CK_SESSION_HANDLE session, Bytes data, Bytes signature) {
    return p11->C_Verify(session, data.data(), data.size(), signature.data(), signature.size());
  }
  CK_RV Update(CK_SESSION_HANDLE session, Bytes part) {
    return p11->C_VerifyUpdate(session, part.data(), part.size());
  }
  CK_RV Final(CK_SESSION_HANDLE session, Bytes signature) {
    return p11->C_VerifyFinal(session, signature.data(), signature.size());
  }

  const Bytes right_ = Bytes(kRsaBytes, kSignatureByte);
  const Bytes wrong_ = Bytes(kRsaBytes, 1);
};

TEST_F(Verifying, OneRoundTripCarriesKeyMechanismDataAndSignature) {
  EXPECT_RV(CKR_OK, Verify(Begin(), {1, 2, 3}, right_));
  EXPECT_EQ(gate.Count(gate::MessageType::kVerify), 1U);
  const PublicCall call = gate.last_public();
  EXPECT_EQ(call.token, "prod");
  EXPECT_EQ(call.key_id, 2U);
  EXPECT_EQ(call.verify.type, CKM_SHA256_RSA_PKCS);
  EXPECT_EQ(call.data, (Bytes{1, 2, 3}));
  EXPECT_EQ(call.signature, right_);
}

TEST_F(Verifying, AWrongSignatureIsToldToTheProgramAlone) {
  CK_SESSION_HANDLE session = Begin();
  testing::internal::CaptureStderr();
  EXPECT_RV(CKR_SIGNATURE_INVALID, Verify(session, {1}, wrong_));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Verify(session, {1}, right_));
}

TEST_F(Verifying, ASignatureOfAnotherLengthNeverReachesGrantd) {
  for (size_t size : {kRsaBytes - 1, kRsaBytes + 1, size_t{1000000}}) {
    EXPECT_RV(CKR_SIGNATURE_LEN_RANGE, Verify(Begin(), {1}, Bytes(size, kSignatureByte)));
  }
  CK_BYTE data[] = {1};
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Verify(Begin(), data, 1, nullptr, kRsaBytes));
  EXPECT_EQ(gate.Count(gate::MessageType::kVerify), 0U);
}

TEST_F(Verifying, FewPartsAreOneMessage) {
  CK_SESSION_HANDLE session = Begin();
  EXPECT_RV(CKR_OK, Update(session, {1, 2}));
  EXPECT_RV(CKR_OK, Update(session, {3}));
  EXPECT_RV(CKR_OK, Final(session, right_));
  EXPECT_EQ(gate.Count(gate::MessageType::kVerify), 1U);
  EXPECT_EQ(gate.last_public().data, (Bytes{1, 2, 3}));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session, right_));
}

TEST_F(Verifying, ManyPartsAreStreamed) {
  const Bytes part(70000, 7);
  for (const Bytes& signature : {right_, wrong_}) {
    CK_SESSION_HANDLE session = Begin();
    for (int i = 0; i < 5; ++i) EXPECT_RV(CKR_OK, Update(session, part));
    EXPECT_RV(signature == right_ ? CKR_OK : CKR_SIGNATURE_INVALID, Final(session, signature));
    EXPECT_EQ(gate.last_public().data, Bytes(350000, 7));
    EXPECT_EQ(gate.last_public().signature, signature);
  }
  EXPECT_RV(CKR_OK, Verify(Begin(), part, right_)) << "in one call, too";
  EXPECT_EQ(gate.last_public().data, part);
  EXPECT_EQ(gate.Count(gate::MessageType::kVerifyBegin), 3U);
  EXPECT_EQ(gate.Count(gate::MessageType::kVerify), 0U);
  EXPECT_EQ(gate.Count(gate::MessageType::kHello), 1U) << "the connection is kept";
}

TEST_F(Verifying, MechanismsThatDoNotHashTakeNoParts) {
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_RV(CKR_OK, Init(session, CKM_RSA_PKCS));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Update(session, {1}));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Verify(session, {1}, right_));
  EXPECT_RV(CKR_OK, Init(session, CKM_RSA_PKCS));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session, right_));
  EXPECT_RV(CKR_OK, Init(session, CKM_RSA_PKCS));
  EXPECT_RV(CKR_DATA_LEN_RANGE, Verify(session, Bytes(kRsaBytes), right_));
  EXPECT_EQ(gate.Count(gate::MessageType::kVerify), 0U);
}

TEST_F(Verifying, CVerifyDoesNotEndAnOperationInParts) {
  CK_SESSION_HANDLE session = Begin();
  EXPECT_RV(CKR_OK, Update(session, {1}));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Verify(session, {1}, right_));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session, right_));
}

TEST_F(Verifying, IsCheckedAtItsBeginning) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
  const auto init = [&](CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key) {
    CK_MECHANISM with{type, nullptr, 0};
    return p11->C_VerifyInit(session, &with, key);
  };
  const CK_OBJECT_HANDLE key = PublicKey(session);
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_VerifyInit(session, nullptr, key));
  EXPECT_RV(CKR_KEY_HANDLE_INVALID, init(CKM_RSA_PKCS, 123456789));
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, init(CKM_RSA_PKCS, PrivateKey(session, "release-key")));
  EXPECT_RV(CKR_KEY_TYPE_INCONSISTENT, init(CKM_ECDSA, key));
  EXPECT_RV(CKR_MECHANISM_INVALID, init(CKM_SHA256, key));
  EXPECT_RV(CKR_MECHANISM_INVALID, init(CKM_SHA512_RSA_PKCS, key)) << "not on this token";
  EXPECT_RV(CKR_MECHANISM_PARAM_INVALID, init(CKM_RSA_PKCS_PSS, key));
  EXPECT_RV(CKR_OK, p11->C_VerifyInit(session, &mechanism, key));
  EXPECT_RV(CKR_OPERATION_ACTIVE, p11->C_VerifyInit(session, &mechanism, key));
}

TEST_F(Verifying, AKeyThatMayNotVerifyDoesNot) {
  auto objects = SampleObjects();
  objects[1].attributes.push_back(Truth(CKA_VERIFY, false));
  gate.SetObjects(objects);
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, Init(OpenSession()));
}

TEST_F(Verifying, ARefusalAtItsBeginningEndsIt) {
  CK_SESSION_HANDLE session = Begin();
  gate.Refuse(gate::MessageType::kVerifyBegin,
              gate::Refused{Cause::kKeyNotFound, 0, "no such key", ""});
  EXPECT_RV(CKR_KEY_HANDLE_INVALID, Update(session, Bytes(200000)));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session, right_));
}

}  // namespace
}  // namespace grant::test
