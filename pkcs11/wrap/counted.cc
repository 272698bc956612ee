#include "pkcs11/wrap/counted.h"

#include "pkcs11/wrap/governed_key.h"

namespace grant::pkcs11::wrap {
namespace {

bool Cancel(const CK_FUNCTION_LIST_3_0& functions, CK_SESSION_HANDLE session, CK_FLAGS flag,
            CK_C_SignInit init) {
  if (functions.C_SessionCancel != nullptr && functions.C_SessionCancel(session, flag) == CKR_OK) {
    return true;
  }
  return functions.version.major >= 3 && init != nullptr && init(session, nullptr, 0) == CKR_OK;
}

}  // namespace

Status BeginSigning(Wrap& wrap, Kind kind, CK_C_SignInit init, CK_SESSION_HANDLE session,
                    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  if (init == nullptr) return Fail(CKR_FUNCTION_NOT_SUPPORTED);
  Operations::Claim claim(wrap.operations, session, kind);
  if (claim.is_busy()) return Fail(CKR_OPERATION_ACTIVE, kAnotherCall);
  if (mechanism == nullptr) {  // version 3.0 cancels the operation by that
    const CK_RV rv = init(session, mechanism, key);
    if (rv == CKR_OK) claim.Clear();
    return FromBacking(rv);
  }
  GRANT_TRY(const IdentifiedKey identified, IdentifySigningKey(wrap, session, key));
  Operation operation;
  if (identified.governed) {
    GRANT_TRY(operation.use, Use::Begin(wrap.gate, *identified.governed, *mechanism));
  }
  const CK_RV rv = init(session, mechanism, identified.handle);
  if (rv == CKR_OK) {
    claim.Set(std::move(operation));
  } else if (identified.governed && rv != CKR_OPERATION_ACTIVE) {
    // It may have begun all the same, and must not go on as what was begun before it.
    claim.Clear();
  }
  return FromBacking(rv);
}

void Abandon(Wrap& wrap, Kind kind, CK_SESSION_HANDLE session) {
  const CK_FUNCTION_LIST_3_0& functions = wrap.functions();
  switch (kind) {
    case Kind::kSign: {
      if (Cancel(functions, session, CKF_SIGN, functions.C_SignInit)) return;
      CK_BYTE byte = 0;
      CK_ULONG size = 0;
      functions.C_SignUpdate(session, &byte, sizeof byte);
      functions.C_Sign(session, &byte, sizeof byte, nullptr, &size);
      return;
    }
    case Kind::kSignRecover:
      Cancel(functions, session, CKF_SIGN_RECOVER, functions.C_SignRecoverInit);
      return;
    case Kind::kMessageSign:
      if (!Cancel(functions, session, CKF_MESSAGE_SIGN, functions.C_MessageSignInit) &&
          functions.C_MessageSignFinal != nullptr) {
        functions.C_MessageSignFinal(session);
      }
      return;
  }
}

}  // namespace grant::pkcs11::wrap
