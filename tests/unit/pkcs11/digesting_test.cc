// C_Digest*.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class Digesting : public Host {
 protected:
  CK_SESSION_HANDLE Begin(CK_MECHANISM_TYPE type = CKM_SHA256) {
    CK_SESSION_HANDLE session = OpenSession();
    CK_MECHANISM mechanism{type, nullptr, 0};
    EXPECT_RV(CKR_OK, p11->C_DigestInit(session, &mechanism));
    return session;
  }
  // The digest over what was added.
  CK_RV Final(CK_SESSION_HANDLE session) {
    CK_BYTE digest[64];
    CK_ULONG size = sizeof digest;
    const CK_RV rv = p11->C_DigestFinal(session, digest, &size);
    if (rv == CKR_OK) {
      EXPECT_EQ(Bytes(digest, digest + size), Bytes(32, kDigestByte));
    }
    return rv;
  }
};

TEST_F(Digesting, IsOneRoundTrip) {
  CK_SESSION_HANDLE session = Begin();
  CK_BYTE data[] = {1, 2, 3};
  CK_BYTE digest[40];
  CK_ULONG size = sizeof digest;
  EXPECT_RV(CKR_OK, p11->C_Digest(session, data, sizeof data, digest, &size));
  EXPECT_EQ(Bytes(digest, digest + size), Bytes(32, kDigestByte));
  EXPECT_EQ(gate.last_public().digest, CKM_SHA256);
  EXPECT_EQ(gate.last_public().data, (Bytes{1, 2, 3}));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED,
            p11->C_Digest(session, data, sizeof data, digest, &size));
}

TEST_F(Digesting, SizeQueriesAndSmallBuffersNeverReachGrantd) {
  CK_SESSION_HANDLE session = Begin(CKM_MD5);
  CK_BYTE data[] = {1};
  CK_BYTE digest[16];
  CK_ULONG size = 0;
  EXPECT_RV(CKR_OK, p11->C_Digest(session, data, 1, nullptr, &size));
  EXPECT_EQ(size, 16U);
  size = 15;
  EXPECT_RV(CKR_BUFFER_TOO_SMALL, p11->C_Digest(session, data, 1, digest, &size));
  EXPECT_EQ(size, 16U);
  size = 0;
  EXPECT_RV(CKR_OK, p11->C_DigestFinal(session, nullptr, &size));
  EXPECT_EQ(gate.Count(gate::MessageType::kDigest), 0U);
  EXPECT_RV(CKR_OK, p11->C_Digest(session, data, 1, digest, &size));
}

TEST_F(Digesting, PartsAreGatheredAndThenStreamed) {
  CK_SESSION_HANDLE session = Begin();
  Bytes part(1000, 5);
  EXPECT_RV(CKR_OK, p11->C_DigestUpdate(session, part.data(), part.size()));
  EXPECT_RV(CKR_OK, p11->C_DigestUpdate(session, nullptr, 0));
  EXPECT_RV(CKR_OK, Final(session));
  EXPECT_EQ(gate.last_public().data, part);
  EXPECT_EQ(gate.Count(gate::MessageType::kDigest), 1U);

  session = Begin();
  for (int i = 0; i < 300; ++i) {
    EXPECT_RV(CKR_OK, p11->C_DigestUpdate(session, part.data(), part.size()));
  }
  EXPECT_RV(CKR_OK, Final(session));
  EXPECT_EQ(gate.last_public().data, Bytes(300000, 5));
  EXPECT_EQ(gate.Count(gate::MessageType::kDigestBegin), 1U);
  EXPECT_EQ(gate.Count(gate::MessageType::kDigest), 1U);
}

TEST_F(Digesting, OfNothingIsADigest) {
  EXPECT_RV(CKR_OK, Final(Begin()));
  EXPECT_TRUE(gate.last_public().data.empty());
}

TEST_F(Digesting, AnythingElseEndsIt) {
  CK_BYTE data[] = {1};
  CK_SESSION_HANDLE session = Begin();
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Digest(session, data, 1, data, nullptr));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session));
  session = Begin();
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_DigestUpdate(session, nullptr, 1));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session));
}

TEST_F(Digesting, IsCheckedAtItsBeginning) {
  CK_SESSION_HANDLE session = OpenSession();
  int parameter = 0;
  CK_MECHANISM signing{CKM_RSA_PKCS, nullptr, 0};
  CK_MECHANISM missing{CKM_SHA512, nullptr, 0};
  CK_MECHANISM odd{CKM_SHA256, &parameter, sizeof parameter};
  CK_MECHANISM good{CKM_SHA256, nullptr, 0};
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_DigestInit(session, nullptr));
  EXPECT_RV(CKR_MECHANISM_INVALID, p11->C_DigestInit(session, &signing));
  EXPECT_RV(CKR_MECHANISM_INVALID, p11->C_DigestInit(session, &missing)) << "not on this token";
  EXPECT_RV(CKR_MECHANISM_PARAM_INVALID, p11->C_DigestInit(session, &odd));
  EXPECT_RV(CKR_OK, p11->C_DigestInit(session, &good));
  EXPECT_RV(CKR_OPERATION_ACTIVE, p11->C_DigestInit(session, &good));
}

TEST_F(Digesting, NoKeyCanBeDigested) {
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestKey(OpenSession(), 1));
  EXPECT_RV(CKR_KEY_HANDLE_INVALID, p11->C_DigestKey(Begin(), 123456789));
  CK_SESSION_HANDLE session = Begin();
  EXPECT_RV(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(session, PrivateKey(session, "release-key")));
}

TEST_F(Digesting, ADigestOfAnotherLengthNeverReachesTheCaller) {
  CK_SESSION_HANDLE session = Begin();
  gate.SetFault(gate::MessageType::kDigest, Fault::kGarbage);
  EXPECT_RV(CKR_DEVICE_ERROR, Final(session));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session));
}

}  // namespace
}  // namespace grant::test
