// Verifying with public keys (PKCS #11 v2.40, 5.13). The token does it, behind grantd.
#include "pkcs11/broker/functions.h"

namespace grant::pkcs11::broker {

Status VerifyInit(Session& session, CK_MECHANISM_PTR raw, CK_OBJECT_HANDLE key) {
  if (raw == nullptr) return EndByNullMechanism(session.verifying);
  GRANT_CHECK(session.verifying.CheckFree());
  GRANT_TRY(const SignMechanism mechanism, SignMechanism::Parse(*raw));
  GRANT_CHECK(session.token->CheckOffers(raw->mechanism, CKF_VERIFY));
  GRANT_TRY(const ObjectRef object, session.FindKey(key));
  GRANT_TRY(VerifyOperation operation,
            BeginVerifyOperation(session.broker.gate, session.token, *object, mechanism));
  return session.verifying.Begin(std::move(operation));
}

Status Verify(Session& session, CK_BYTE_PTR data, CK_ULONG data_bytes, CK_BYTE_PTR signature,
              CK_ULONG signature_bytes) {
  GRANT_TRY(VerifyOperation operation, session.verifying.Take());
  GRANT_CHECK(operation.CheckAtOnce(data, data_bytes));
  GRANT_CHECK(operation.calls.SetSignature(signature, signature_bytes));
  return operation.AtOnce({data, data_bytes});
}

Status VerifyUpdate(Session& session, CK_BYTE_PTR part, CK_ULONG part_bytes) {
  return AddPart(session.verifying, part, part_bytes);
}

Status VerifyFinal(Session& session, CK_BYTE_PTR signature, CK_ULONG signature_bytes) {
  GRANT_TRY(VerifyOperation operation, session.verifying.Take());
  GRANT_CHECK(operation.CheckFinal());
  GRANT_CHECK(operation.calls.SetSignature(signature, signature_bytes));
  return operation.Finish();
}

}  // namespace grant::pkcs11::broker
