// What ends a session or an operation.
#include "pkcs11/wrap/counted.h"
#include "pkcs11/wrap/functions.h"
#include "pkcs11/wrap/governed_key.h"

namespace grant::pkcs11::wrap {
namespace {

// The handle to give to the backing module, where the key is not governed; 0 stands for no key.
Result<CK_OBJECT_HANDLE> CheckNotGoverned(Wrap& wrap, CK_SESSION_HANDLE session,
                                          CK_OBJECT_HANDLE key) {
  if (key == CK_INVALID_HANDLE) return key;
  GRANT_TRY(const IdentifiedKey identified, IdentifyKey(wrap, session, key));
  if (!identified.governed) return identified.handle;
  return Refuse(CKR_KEY_FUNCTION_NOT_PERMITTED,
                "key '" + identified.governed->label + "' of signer " +
                    identified.governed->signer.name +
                    " may only be used from the start of an operation",
                "begin the operation anew instead of restoring its state");
}

// Forgets one kind of operation where the backing module has ended it; the session is claimed from
// before it is asked, so that no other call takes the one for the other.
class Ending {
 public:
  Ending(Wrap& wrap, CK_SESSION_HANDLE session, Kind kind, bool wanted)
      : claim_(wanted ? std::make_optional<Operations::Claim>(wrap.operations, session, kind)
                      : std::nullopt) {}

  bool is_busy() const { return claim_ && claim_->is_busy(); }
  void Clear() {
    if (claim_) claim_->Clear();
  }

 private:
  std::optional<Operations::Claim> claim_;
};

}  // namespace

// Before the call, for what is begun in the session until then; and after it, for what other
// threads began meanwhile.
Status CloseSession(Wrap& wrap, CK_SESSION_HANDLE session) {
  wrap.operations.Forget(session);
  Status closed = Through<&CK_FUNCTION_LIST_3_0::C_CloseSession>(wrap, session);
  wrap.operations.Forget(session);
  return closed;
}

Status CloseAllSessions(Wrap& wrap, CK_SLOT_ID slot) {
  Status closed = Through<&CK_FUNCTION_LIST_3_0::C_CloseAllSessions>(wrap, slot);
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
  Ending signing(wrap, session, Kind::kSign, true);
  Ending recovering(wrap, session, Kind::kSignRecover, true);
  Ending messages(wrap, session, Kind::kMessageSign, true);
  if (signing.is_busy() || recovering.is_busy() || messages.is_busy()) {
    return Fail(CKR_OPERATION_ACTIVE, kAnotherCall);
  }
  GRANT_TRY(const CK_OBJECT_HANDLE encrypting, CheckNotGoverned(wrap, session, encryption_key));
  GRANT_TRY(const CK_OBJECT_HANDLE authenticating,
            CheckNotGoverned(wrap, session, authentication_key));
  GRANT_CHECK(Through<&CK_FUNCTION_LIST_3_0::C_SetOperationState>(wrap, session, state, state_bytes,
                                                                  encrypting, authenticating));
  signing.Clear();
  recovering.Clear();
  messages.Clear();
  return {};
}

Status SessionCancel(Wrap& wrap, CK_SESSION_HANDLE session, CK_FLAGS flags) {
  Ending signing(wrap, session, Kind::kSign, (flags & CKF_SIGN) != 0);
  Ending recovering(wrap, session, Kind::kSignRecover, (flags & CKF_SIGN_RECOVER) != 0);
  Ending messages(wrap, session, Kind::kMessageSign, (flags & CKF_MESSAGE_SIGN) != 0);
  if (signing.is_busy() || recovering.is_busy() || messages.is_busy()) {
    return Fail(CKR_OPERATION_CANCEL_FAILED, kAnotherCall);
  }
  GRANT_CHECK(Through<&CK_FUNCTION_LIST_3_0::C_SessionCancel>(wrap, session, flags));
  signing.Clear();
  recovering.Clear();
  messages.Clear();
  return {};
}

}  // namespace grant::pkcs11::wrap
