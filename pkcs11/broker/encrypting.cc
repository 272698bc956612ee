// Encryption with public keys (PKCS #11 v2.40, 5.8). RSA takes its data at once.
#include "pkcs11/broker/functions.h"

namespace grant::pkcs11::broker {
namespace {

Status NotInParts(const Session& session) {
  return Fail(session.encrypting.active() ? CKR_FUNCTION_NOT_SUPPORTED
                                          : CKR_OPERATION_NOT_INITIALIZED);
}

}  // namespace

Status EncryptInit(Session& session, CK_MECHANISM_PTR raw, CK_OBJECT_HANDLE key) {
  if (raw == nullptr) return EndByNullMechanism(session.encrypting);
  GRANT_CHECK(session.encrypting.CheckFree());
  GRANT_TRY(EncryptMechanism mechanism, EncryptMechanism::Parse(*raw));
  GRANT_CHECK(session.token->CheckOffers(raw->mechanism, CKF_ENCRYPT));
  GRANT_TRY(const ObjectRef object, session.FindKey(key));
  GRANT_TRY(EncryptOperation operation, EncryptOperation::Begin(session.broker.gate, session.token,
                                                                *object, std::move(mechanism)));
  return session.encrypting.Begin(std::move(operation));
}

Status Encrypt(Session& session, CK_BYTE_PTR data, CK_ULONG data_bytes, CK_BYTE_PTR encrypted,
               CK_ULONG_PTR encrypted_bytes) {
  return GiveOutput(
      session.encrypting, encrypted, encrypted_bytes,
      [&](const EncryptOperation&) -> Status {
        if (data == nullptr && data_bytes != 0) return Fail(CKR_ARGUMENTS_BAD);
        return {};
      },
      [&](const EncryptOperation& operation) {
        return operation.Encrypt({data, data_bytes});
      });
}

Status EncryptUpdate(Session& session, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR) {
  return NotInParts(session);
}

Status EncryptFinal(Session& session, CK_BYTE_PTR, CK_ULONG_PTR) {
  return NotInParts(session);
}

}  // namespace grant::pkcs11::broker
