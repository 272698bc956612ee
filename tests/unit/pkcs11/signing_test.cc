// C_SignInit and C_Sign.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class Signing : public Host {};

TEST_F(Signing, OneRoundTripCarriesKeyMechanismAndData) {
  CK_SESSION_HANDLE session = BeginSigning();
  CK_BYTE data[] = {1, 2, 3};
  CK_BYTE signature[kRsaBytes + 1];
  CK_ULONG size = sizeof signature;
  EXPECT_RV(CKR_OK, p11->C_Sign(session, data, sizeof data, signature, &size));
  EXPECT_EQ(size, kRsaBytes);
  EXPECT_EQ(Bytes(signature, signature + size), Bytes(kRsaBytes, 0x55));
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 1U);
  EXPECT_EQ(gate.last_data(), (Bytes{1, 2, 3}));
  EXPECT_EQ(gate.last_target().token, "prod");
  EXPECT_EQ(gate.last_target().key_id, 1U);
  EXPECT_EQ(gate.last_target().mechanism.type, CKM_SHA256_RSA_PKCS);
  EXPECT_EQ(gate.last_target().grant, "");
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign(session));
}

TEST_F(Signing, TheChosenGrantGoesWithIt) {
  p11->C_Finalize(nullptr);
  setenv("GRANTD_GRANT", "grt_01H", 1);
  ASSERT_RV(CKR_OK, p11->C_Initialize(nullptr));
  EXPECT_RV(CKR_OK, Sign(BeginSigning()));
  EXPECT_EQ(gate.last_target().grant, "grt_01H");
}

TEST_F(Signing, SizeQueriesAndSmallBuffersNeverReachGrantd) {
  CK_SESSION_HANDLE session = BeginSigning();
  CK_BYTE data[] = {1};
  CK_BYTE signature[kRsaBytes];
  CK_ULONG size = 0;
  EXPECT_RV(CKR_OK, p11->C_Sign(session, data, 1, nullptr, &size));
  EXPECT_EQ(size, kRsaBytes);
  size = kRsaBytes - 1;
  EXPECT_RV(CKR_BUFFER_TOO_SMALL, p11->C_Sign(session, data, 1, signature, &size));
  EXPECT_EQ(size, kRsaBytes);
  size = 3;
  EXPECT_RV(CKR_BUFFER_TOO_SMALL, p11->C_SignFinal(session, signature, &size));
  EXPECT_RV(CKR_OK, p11->C_SignFinal(session, nullptr, &size));
  EXPECT_EQ(size, kRsaBytes);
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 0U);
  EXPECT_RV(CKR_OK, p11->C_Sign(session, data, 1, signature, &size));
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 1U);
}

TEST_F(Signing, SizesComeFromTheKey) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_BYTE data[] = {1};
  CK_ULONG size = 0;
  EXPECT_RV(CKR_OK, SignInit(session, CKM_ECDSA, "ec-key"));
  EXPECT_RV(CKR_OK, p11->C_Sign(session, data, 1, nullptr, &size));
  EXPECT_EQ(size, 64U);
  session = OpenSession();
  EXPECT_RV(CKR_OK, SignInit(session, CKM_EDDSA, "ed-key"));
  EXPECT_RV(CKR_OK, p11->C_Sign(session, data, 1, nullptr, &size));
  EXPECT_EQ(size, 64U);
}

TEST_F(Signing, AnythingElseEndsTheOperation) {
  CK_BYTE data[] = {1};
  CK_BYTE signature[kRsaBytes];
  CK_ULONG size = sizeof signature;
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Sign(session, data, 1, signature, nullptr));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(session, data, 1, signature, &size));
  session = BeginSigning();
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Sign(session, nullptr, 1, signature, &size));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(session, data, 1, signature, &size));
  session = BeginSigning();
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_SignUpdate(session, nullptr, 1));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignUpdate(session, data, 1));
}

TEST_F(Signing, NoDataIsDataToo) {
  CK_BYTE signature[kRsaBytes];
  CK_ULONG size = sizeof signature;
  EXPECT_RV(CKR_OK, p11->C_Sign(BeginSigning(), nullptr, 0, signature, &size));
  EXPECT_TRUE(gate.last_data().empty());
  EXPECT_RV(CKR_OK, p11->C_SignFinal(BeginSigning(), signature, &size));
}

TEST_F(Signing, IsCheckedAtItsBeginning) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
  const CK_OBJECT_HANDLE rsa = PrivateKey(session, "release-key");
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_SignInit(session, nullptr, rsa));
  EXPECT_RV(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(session, &mechanism, 123456789));
  CK_OBJECT_CLASS object_class = CKO_PUBLIC_KEY;
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
            p11->C_SignInit(session, &mechanism,
                            Find(session, {{CKA_CLASS, &object_class, sizeof object_class}})[0]));
  EXPECT_RV(CKR_KEY_TYPE_INCONSISTENT, SignInit(session, CKM_RSA_PKCS, "ec-key"));
  EXPECT_RV(CKR_KEY_TYPE_INCONSISTENT, SignInit(session, CKM_EDDSA, "ec-key"));
  EXPECT_RV(CKR_MECHANISM_INVALID, SignInit(session, CKM_AES_CBC, "release-key"));
  EXPECT_RV(CKR_MECHANISM_INVALID, SignInit(session, CKM_SHA512_RSA_PKCS, "release-key"));
  EXPECT_RV(CKR_MECHANISM_PARAM_INVALID, SignInit(session, CKM_SHA256_RSA_PKCS_PSS, "release-key"));
  EXPECT_RV(CKR_OK, p11->C_SignInit(session, &mechanism, rsa));
  EXPECT_RV(CKR_OPERATION_ACTIVE, p11->C_SignInit(session, &mechanism, rsa));
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 0U);
}

TEST_F(Signing, AKeyThatMayNotSignDoesNot) {
  auto objects = SampleObjects();
  for (gate::AttributeRecord& attribute : objects[0].attributes) {
    if (attribute.type == CKA_SIGN) attribute = Truth(CKA_SIGN, false);
  }
  gate.SetObjects(objects);
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, SignInit(OpenSession(), CKM_RSA_PKCS, "release-key"));
}

TEST_F(Signing, PssParametersGoWithIt) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, 32};
  CK_MECHANISM mechanism{CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof pss};
  EXPECT_RV(CKR_OK, p11->C_SignInit(session, &mechanism, PrivateKey(session, "release-key")));
  pss = {};
  EXPECT_RV(CKR_OK, Sign(session));
  EXPECT_EQ(gate.last_target().mechanism.pss,
            (gate::PssParameters{CKM_SHA256, CKG_MGF1_SHA256, 32}));
}

TEST_F(Signing, MoreThanABlockIsTooLongForARawMechanism) {
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_RV(CKR_OK, SignInit(session, CKM_RSA_PKCS, "release-key"));
  Bytes data(kRsaBytes - 10);
  CK_BYTE signature[kRsaBytes];
  CK_ULONG size = sizeof signature;
  EXPECT_RV(CKR_DATA_LEN_RANGE, p11->C_Sign(session, data.data(), data.size(), signature, &size));
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 0U);
}

TEST_F(Signing, ASignatureOfAnotherLengthNeverReachesTheCaller) {
  for (size_t size_sent : {kRsaBytes + 1, kRsaBytes - 1, size_t{0}}) {
    gate.SetSigner([size_sent](const gate::SignTarget&, ByteView) { return Bytes(size_sent, 1); });
    CK_SESSION_HANDLE session = BeginSigning();
    CK_BYTE data[] = {1};
    CK_BYTE signature[kRsaBytes + 1] = {};
    CK_ULONG size = sizeof signature;
    EXPECT_RV(CKR_DEVICE_ERROR, p11->C_Sign(session, data, 1, signature, &size));
    EXPECT_EQ(signature[0], 0);
  }
}

TEST_F(Signing, ASearchAndASignatureGoSideBySide) {
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_EQ(Find(session, {}).size(), 5U);
  EXPECT_RV(CKR_OK, Sign(session));
}

}  // namespace
}  // namespace grant::test
