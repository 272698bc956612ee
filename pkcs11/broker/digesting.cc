// Digests (PKCS #11 v2.40, 5.10). grantd computes them: the module brings no cryptography into the
// host.
#include "pkcs11/broker/functions.h"
#include "pkcs11/mechanism_parameter.h"

namespace grant::pkcs11::broker {

Status DigestInit(Session& session, CK_MECHANISM_PTR raw) {
  if (raw == nullptr) return EndByNullMechanism(session.digesting);
  GRANT_CHECK(session.digesting.CheckFree());
  const cryptoki::DigestFacts* const facts = cryptoki::FindDigestMechanism(raw->mechanism);
  if (facts == nullptr) return Fail(CKR_MECHANISM_INVALID);
  GRANT_CHECK(session.token->CheckOffers(raw->mechanism, CKF_DIGEST));
  GRANT_CHECK(CheckNoParameter(*raw));
  GateClient& gate = session.broker.gate;
  return session.digesting.Begin(DigestOperation(gate, DigestCalls(gate, *facts)));
}

Status Digest(Session& session, CK_BYTE_PTR data, CK_ULONG data_bytes, CK_BYTE_PTR digest,
              CK_ULONG_PTR digest_bytes) {
  return GiveAtOnce(session.digesting, data, data_bytes, digest, digest_bytes);
}

Status DigestUpdate(Session& session, CK_BYTE_PTR part, CK_ULONG part_bytes) {
  return AddPart(session.digesting, part, part_bytes);
}

// Only the value of a secret key can be digested, and none is shown.
Status DigestKey(Session& session, CK_OBJECT_HANDLE key) {
  GRANT_CHECK(session.digesting.Take());
  GRANT_CHECK(session.FindKey(key));
  return Fail(CKR_KEY_INDIGESTIBLE);
}

Status DigestFinal(Session& session, CK_BYTE_PTR digest, CK_ULONG_PTR digest_bytes) {
  return GiveFinal(session.digesting, digest, digest_bytes);
}

}  // namespace grant::pkcs11::broker
