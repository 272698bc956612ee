// Signing (PKCS #11 v2.40, 5.11).
#include "pkcs11/broker/functions.h"

namespace grant::pkcs11::broker {

Status SignInit(Session& session, CK_MECHANISM_PTR raw, CK_OBJECT_HANDLE key) {
  if (raw == nullptr) return EndByNullMechanism(session.signing);
  GRANT_CHECK(session.signing.CheckFree());
  GRANT_TRY(const SignMechanism mechanism, SignMechanism::Parse(*raw));
  GRANT_CHECK(session.token->CheckOffers(raw->mechanism, CKF_SIGN));
  GRANT_TRY(const ObjectRef object, session.FindKey(key));
  GRANT_TRY(SignOperation operation,
            BeginSignOperation(session.broker.gate, session.token, *object, mechanism));
  return session.signing.Begin(std::move(operation));
}

Status Sign(Session& session, CK_BYTE_PTR data, CK_ULONG data_bytes, CK_BYTE_PTR signature,
            CK_ULONG_PTR signature_bytes) {
  return GiveAtOnce(session.signing, data, data_bytes, signature, signature_bytes);
}

Status SignUpdate(Session& session, CK_BYTE_PTR part, CK_ULONG part_bytes) {
  return AddPart(session.signing, part, part_bytes);
}

Status SignFinal(Session& session, CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes) {
  return GiveFinal(session.signing, signature, signature_bytes);
}

}  // namespace grant::pkcs11::broker
