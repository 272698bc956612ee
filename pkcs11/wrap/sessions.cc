// What ends a session or an operation.
#include "pkcs11/wrap/functions.h"
#include "pkcs11/wrap/governed_key.h"

namespace grant::pkcs11::wrap {
namespace {

Status CheckNotGoverned(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  if (key == 0) return {};
  GRANT_TRY(const auto governed, FindGovernedKey(wrap, session, key));
  if (!governed) return {};
  return Refuse(CKR_KEY_FUNCTION_NOT_PERMITTED,
                "key '" + governed->label + "' of signer " + governed->signer.name +
                    " may only be used from the start of an operation",
                "begin the operation anew instead of restoring its state");
}

}  // namespace

Status CloseSession(Wrap& wrap, CK_SESSION_HANDLE session) {
  wrap.operations.Forget(session);
  return Through<&CK_FUNCTION_LIST_3_0::C_CloseSession>(wrap, session);
}

Status CloseAllSessions(Wrap& wrap, CK_SLOT_ID slot) {
  const Status closed = Through<&CK_FUNCTION_LIST_3_0::C_CloseAllSessions>(wrap, slot);
  for (const CK_SESSION_HANDLE session : wrap.operations.Sessions()) {
    CK_SESSION_INFO info{};
    if (wrap.functions().C_GetSessionInfo(session, &info) != CKR_OK) {
      wrap.operations.Forget(session);
    }
  }
  return closed;
}

// A restored operation is for a key of which nothing is known here, so that it cannot be finished
// with a signature.
Status SetOperationState(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR state,
                         CK_ULONG state_bytes, CK_OBJECT_HANDLE encryption_key,
                         CK_OBJECT_HANDLE authentication_key) {
  GRANT_CHECK(CheckNotGoverned(wrap, session, encryption_key));
  GRANT_CHECK(CheckNotGoverned(wrap, session, authentication_key));
  wrap.operations.Forget(session);
  return Through<&CK_FUNCTION_LIST_3_0::C_SetOperationState>(wrap, session, state, state_bytes,
                                                             encryption_key, authentication_key);
}

Status SessionCancel(Wrap& wrap, CK_SESSION_HANDLE session, CK_FLAGS flags) {
  GRANT_CHECK(Through<&CK_FUNCTION_LIST_3_0::C_SessionCancel>(wrap, session, flags));
  if ((flags & CKF_SIGN) != 0) wrap.operations.Forget(session, Kind::kSign);
  if ((flags & CKF_SIGN_RECOVER) != 0) wrap.operations.Forget(session, Kind::kSignRecover);
  if ((flags & CKF_MESSAGE_SIGN) != 0) wrap.operations.Forget(session, Kind::kMessageSign);
  return {};
}

}  // namespace grant::pkcs11::wrap
