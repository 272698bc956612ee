// C_Encrypt* with public keys.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class Encrypting : public Host {
 protected:
  CK_RV Init(CK_SESSION_HANDLE session, CK_MECHANISM mechanism) {
    return p11->C_EncryptInit(session, &mechanism, PublicKey(session));
  }
  CK_SESSION_HANDLE Begin(CK_MECHANISM mechanism = {CKM_RSA_PKCS, nullptr, 0}) {
    CK_SESSION_HANDLE session = OpenSession();
    EXPECT_RV(CKR_OK, Init(session, mechanism));
    return session;
  }
  CK_RV Encrypt(CK_SESSION_HANDLE session, Bytes data) {
    CK_BYTE encrypted[kRsaBytes];
    CK_ULONG size = sizeof encrypted;
    const CK_RV rv = p11->C_Encrypt(session, data.data(), data.size(), encrypted, &size);
    if (rv == CKR_OK) {
      EXPECT_EQ(Bytes(encrypted, encrypted + size), Bytes(kRsaBytes, kCiphertextByte));
    }
    return rv;
  }
};

TEST_F(Encrypting, IsOneRoundTrip) {
  CK_SESSION_HANDLE session = Begin();
  EXPECT_RV(CKR_OK, Encrypt(session, {1, 2, 3}));
  const PublicCall call = gate.last_public();
  EXPECT_EQ(call.token, "prod");
  EXPECT_EQ(call.key_id, 2U);
  EXPECT_EQ(call.encrypt.type, CKM_RSA_PKCS);
  EXPECT_EQ(call.data, (Bytes{1, 2, 3}));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Encrypt(session, {1}));
}

TEST_F(Encrypting, OaepParametersGoWithIt) {
  CK_BYTE label[] = {7, 8};
  CK_RSA_PKCS_OAEP_PARAMS oaep{CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, label, 2};
  CK_SESSION_HANDLE session = Begin({CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep});
  oaep = {};
  label[0] = 0;
  EXPECT_RV(CKR_OK, Encrypt(session, Bytes(kRsaBytes - 66)));
  EXPECT_EQ(gate.last_public().encrypt.oaep,
            (gate::OaepParameters{CKM_SHA256, CKG_MGF1_SHA256, {7, 8}}));
}

TEST_F(Encrypting, OaepParametersAreChecked) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_BYTE label[] = {7};
  const CK_RSA_PKCS_OAEP_PARAMS kWrong[] = {
      {CKM_SHA256_RSA_PKCS, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 0},
      {CKM_SHA_1, 99, CKZ_DATA_SPECIFIED, nullptr, 0},
      {CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 1},
      {CKM_SHA_1, CKG_MGF1_SHA1, 99, label, 1},
      {CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, label, CK_UNAVAILABLE_INFORMATION}};
  for (CK_RSA_PKCS_OAEP_PARAMS wrong : kWrong) {
    EXPECT_RV(CKR_MECHANISM_PARAM_INVALID,
              Init(session, {CKM_RSA_PKCS_OAEP, &wrong, sizeof wrong}));
  }
  EXPECT_RV(CKR_MECHANISM_PARAM_INVALID, Init(session, {CKM_RSA_PKCS_OAEP, nullptr, 0}));
  EXPECT_RV(CKR_MECHANISM_PARAM_INVALID, Init(session, {CKM_RSA_PKCS, label, 1}));
}

TEST_F(Encrypting, DataThatDoNotFitNeverReachGrantd) {
  EXPECT_RV(CKR_DATA_LEN_RANGE, Encrypt(Begin(), Bytes(kRsaBytes - 10)));
  EXPECT_RV(CKR_DATA_LEN_RANGE, Encrypt(Begin({CKM_RSA_X_509, nullptr, 0}), Bytes(kRsaBytes + 1)));
  CK_RSA_PKCS_OAEP_PARAMS oaep{CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 0};
  EXPECT_RV(CKR_DATA_LEN_RANGE,
            Encrypt(Begin({CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep}), Bytes(kRsaBytes - 41)));
  EXPECT_EQ(gate.Count(gate::MessageType::kEncrypt), 0U);
  EXPECT_RV(CKR_OK, Encrypt(Begin(), Bytes(kRsaBytes - 11)));
  EXPECT_RV(CKR_OK, Encrypt(Begin({CKM_RSA_X_509, nullptr, 0}), Bytes(kRsaBytes)));
}

TEST_F(Encrypting, SizeQueriesAndSmallBuffersKeepIt) {
  CK_SESSION_HANDLE session = Begin();
  CK_BYTE data[] = {1};
  CK_ULONG size = 0;
  EXPECT_RV(CKR_OK, p11->C_Encrypt(session, data, 1, nullptr, &size));
  EXPECT_EQ(size, kRsaBytes);
  size = 1;
  EXPECT_RV(CKR_BUFFER_TOO_SMALL, p11->C_Encrypt(session, data, 1, data, &size));
  EXPECT_EQ(size, kRsaBytes);
  EXPECT_RV(CKR_OK, Encrypt(session, {1}));
  EXPECT_EQ(gate.Count(gate::MessageType::kEncrypt), 1U);
}

TEST_F(Encrypting, TakesNoParts) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_BYTE data[] = {1};
  CK_ULONG size = 0;
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_EncryptUpdate(session, data, 1, nullptr, &size));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_EncryptFinal(session, nullptr, &size));
  session = Begin();
  EXPECT_RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_EncryptUpdate(session, data, 1, nullptr, &size));
  EXPECT_RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_EncryptFinal(session, nullptr, &size));
  EXPECT_RV(CKR_OK, Encrypt(session, {1}));
}

TEST_F(Encrypting, IsForPublicRsaKeys) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
            p11->C_EncryptInit(session, &mechanism, PrivateKey(session, "release-key")));
  CK_OBJECT_CLASS object_class = CKO_CERTIFICATE;
  EXPECT_RV(
      CKR_KEY_HANDLE_INVALID,
      p11->C_EncryptInit(session, &mechanism,
                         Find(session, {{CKA_CLASS, &object_class, sizeof object_class}})[0]));
  EXPECT_RV(CKR_MECHANISM_INVALID, Init(session, {CKM_SHA256_RSA_PKCS, nullptr, 0}));
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_EncryptInit(session, nullptr, PublicKey(session)));
  EXPECT_RV(CKR_OK, Init(session, mechanism));
  EXPECT_RV(CKR_OPERATION_ACTIVE, Init(session, mechanism));
}

}  // namespace
}  // namespace grant::test
