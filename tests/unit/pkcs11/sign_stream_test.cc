// Data in parts: gathered while it fits into one message, streamed when it does not.
#include <algorithm>

#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class SignStream : public Host {
 protected:
  CK_RV Update(CK_SESSION_HANDLE session, ByteView part) {
    return p11->C_SignUpdate(session, const_cast<CK_BYTE_PTR>(part.data()), part.size());
  }
  CK_RV Final(CK_SESSION_HANDLE session) {
    CK_BYTE signature[kRsaBytes];
    CK_ULONG size = sizeof signature;
    return p11->C_SignFinal(session, signature, &size);
  }
};

Bytes Pattern(size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 251);
  return bytes;
}

TEST_F(SignStream, FewPartsAreOneMessage) {
  CK_SESSION_HANDLE session = BeginSigning();
  const Bytes data = Pattern(gate::kInlineDataBytesMax);
  EXPECT_RV(CKR_OK, Update(session, ByteView(data).first(10)));
  EXPECT_RV(CKR_OK, Update(session, {}));
  EXPECT_RV(CKR_OK, Update(session, ByteView(data).subspan(10)));
  EXPECT_RV(CKR_OK, Final(session));
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 1U);
  EXPECT_EQ(gate.Count(gate::MessageType::kSignBegin), 0U);
  EXPECT_EQ(gate.last_data(), data);
}

TEST_F(SignStream, ManyPartsAreStreamed) {
  CK_SESSION_HANDLE session = BeginSigning();
  const Bytes data = Pattern(300001);
  for (size_t at = 0; at < data.size(); at += 7777) {
    EXPECT_RV(CKR_OK, Update(session,
                             ByteView(data).subspan(at, std::min(data.size() - at, size_t{7777}))));
  }
  CK_ULONG size = 0;
  EXPECT_RV(CKR_OK, p11->C_SignFinal(session, nullptr, &size));
  EXPECT_EQ(gate.Count(gate::MessageType::kSignEnd), 0U);
  EXPECT_RV(CKR_OK, Final(session));
  EXPECT_EQ(gate.Count(gate::MessageType::kSignBegin), 1U);
  EXPECT_EQ(gate.Count(gate::MessageType::kSignEnd), 1U);
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 0U);
  EXPECT_EQ(gate.last_data(), data);
  EXPECT_EQ(gate.last_target().key_id, 1U);
}

TEST_F(SignStream, LongDataInOneCallIsStreamedToo) {
  CK_SESSION_HANDLE session = BeginSigning();
  Bytes data = Pattern(gate::kInlineDataBytesMax + 1);
  CK_BYTE signature[kRsaBytes];
  CK_ULONG size = sizeof signature;
  EXPECT_RV(CKR_OK, p11->C_Sign(session, data.data(), data.size(), signature, &size));
  EXPECT_EQ(gate.Count(gate::MessageType::kSignEnd), 1U);
  EXPECT_EQ(gate.last_data(), data);
}

TEST_F(SignStream, TheConnectionIsKeptAfterwards) {
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_RV(CKR_OK, Update(session, Pattern(200000)));
  EXPECT_RV(CKR_OK, Final(session));
  EXPECT_RV(CKR_OK, SignInit(session, CKM_SHA256_RSA_PKCS, "release-key"));
  EXPECT_EQ(gate.Count(gate::MessageType::kHello), 1U);
}

TEST_F(SignStream, MechanismsThatDoNotHashTakeNoParts) {
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_RV(CKR_OK, SignInit(session, CKM_RSA_PKCS, "release-key"));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Update(session, Pattern(1)));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign(session));
  EXPECT_RV(CKR_OK, SignInit(session, CKM_EDDSA, "ed-key"));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Update(session, Pattern(1)));
  EXPECT_RV(CKR_OK, SignInit(session, CKM_ECDSA, "ec-key"));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session));
}

TEST_F(SignStream, CSignDoesNotEndAnOperationInParts) {
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_RV(CKR_OK, Update(session, Pattern(1)));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Sign(session));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session));
}

TEST_F(SignStream, ARefusalAtItsBeginningEndsIt) {
  CK_SESSION_HANDLE session = BeginSigning();
  gate.Refuse(gate::MessageType::kSignBegin,
              gate::Refused{Cause::kKeyNotFound, 0, "no such key", ""});
  EXPECT_RV(CKR_KEY_HANDLE_INVALID, Update(session, Pattern(200000)));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session));
}

TEST_F(SignStream, ARefusalAtItsEndIsTheAnswer) {
  CK_SESSION_HANDLE session = BeginSigning();
  gate.SetSigner([](const gate::SignTarget&, ByteView) {
    return gate::Refused{Cause::kExpired, 0, "expired", ""};
  });
  EXPECT_RV(CKR_OK, Update(session, Pattern(200000)));
  EXPECT_RV(CKR_FUNCTION_REJECTED, Final(session));
}

TEST_F(SignStream, ClosingTheSessionAbandonsIt) {
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_RV(CKR_OK, Update(session, Pattern(200000)));
  EXPECT_RV(CKR_OK, p11->C_CloseSession(session));
  gate.WaitForAbandonedStream();
  EXPECT_EQ(gate.Count(gate::MessageType::kSignEnd), 0U);
}

TEST_F(SignStream, GrantdGoneInBetweenEndsIt) {
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_RV(CKR_OK, Update(session, Pattern(200000)));
  gate.Stop();
  EXPECT_RV(CKR_DEVICE_REMOVED, Final(session));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, Final(session));
}

}  // namespace
}  // namespace grant::test
