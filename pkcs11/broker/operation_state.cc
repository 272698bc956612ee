// The state of a session's operations: it can be ended, and neither saved nor brought back (PKCS
// #11 v2.40, 5.6; v3.0, 5.6 for C_SessionCancel).
#include "pkcs11/broker/functions.h"

namespace grant::pkcs11::broker {

Status GetOperationState(Session& session, CK_BYTE_PTR, CK_ULONG_PTR state_bytes) {
  if (state_bytes == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  const bool active = session.signing.active() || session.verifying.active() ||
                      session.digesting.active() || session.encrypting.active();
  return Fail(active ? CKR_STATE_UNSAVEABLE : CKR_OPERATION_NOT_INITIALIZED);
}

Status SetOperationState(Session&, CK_BYTE_PTR, CK_ULONG, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE) {
  return Fail(CKR_SAVED_STATE_INVALID);
}

// Flags of operations that are not active are ignored.
Status SessionCancel(Session& session, CK_FLAGS operations) {
  if ((operations & CKF_SIGN) != 0) session.signing.End();
  if ((operations & CKF_VERIFY) != 0) session.verifying.End();
  if ((operations & CKF_DIGEST) != 0) session.digesting.End();
  if ((operations & CKF_ENCRYPT) != 0) session.encrypting.End();
  if ((operations & CKF_FIND_OBJECTS) != 0) session.search.End();
  return {};
}

}  // namespace grant::pkcs11::broker
