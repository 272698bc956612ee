// The way of a signature in the wrap placement, the same for each function that begins or gives
// one.
#pragma once

#include "pkcs11/wrap/operations.h"
#include "pkcs11/wrap/wrap.h"

namespace grant::pkcs11::wrap {

inline constexpr const char* kAnotherCall = "another call of this session is under way";
inline constexpr const char* kNothingBegun = "nothing was begun in this session, by this process";

// Begins an operation in the backing module, by `init`, and remembers whose key it is for.
Status BeginSigning(Wrap& wrap, Kind kind, CK_C_SignInit init, CK_SESSION_HANDLE session,
                    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);

// Ends an operation in the backing module without a signature. Version 3.0 has calls for it. In
// version 2.40 an operation that takes no parts is ended by the attempt to add one, and one that
// does by the attempt to sign in one piece after that. Neither can give a signature: C_SignUpdate
// never does, and C_Sign is called without a buffer. Where a module of version 2.40 keeps the
// operation all the same, or has no such calls (C_SignRecover), only closing the session ends it;
// it gives no signature even so, because nothing is remembered of it here.
void Abandon(Wrap& wrap, Kind kind, CK_SESSION_HANDLE session);

// Whether the operation goes on after its signature was given.
enum class After { kEnds, kGoesOn };

// Gives the caller the signature that `call(buffer, bytes)` makes in the backing module. Asking for
// the size, also in this way, and a small buffer spend nothing. For a governed key `add(use)` says
// what is signed; then the use is spent, and only then the signature is made. Where the backing
// module refuses before that, the operation is remembered: whether it goes on, the module knows.
template <typename Call, typename Add>
Status GiveSignature(Wrap& wrap, Kind kind, After after, CK_SESSION_HANDLE session,
                     CK_BYTE_PTR buffer, CK_ULONG_PTR bytes, const Call& call, const Add& add) {
  Operations::Claim claim(wrap.operations, session, kind);
  if (claim.is_busy()) return Fail(CKR_OPERATION_NOT_INITIALIZED, kAnotherCall);
  Operation* const operation = claim.operation();
  if (operation != nullptr && !operation->use) {
    const CK_RV rv = call(buffer, bytes);
    if (rv == CKR_OK && buffer != nullptr && after == After::kEnds) claim.Clear();
    return FromBacking(rv);
  }
  CK_ULONG size = 0;
  if (operation == nullptr) {
    const CK_RV rv = call(nullptr, bytes == nullptr ? nullptr : &size);
    return Fail(rv == CKR_OK ? CKR_OPERATION_NOT_INITIALIZED : rv, kNothingBegun);
  }
  if (bytes == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  CK_RV rv = call(nullptr, &size);
  if (rv != CKR_OK) return Fail(rv);
  if (buffer == nullptr || *bytes < size) {
    *bytes = size;
    return FromBacking(buffer == nullptr ? CKR_OK : CKR_BUFFER_TOO_SMALL);
  }
  Status spent = add(*operation->use);
  if (spent) spent = operation->use->Spend();
  if (spent) rv = call(buffer, bytes);
  if (!spent || rv != CKR_OK) Abandon(wrap, kind, session);
  if (!spent || rv != CKR_OK || after == After::kEnds) claim.Clear();
  if (!spent) return spent;
  return FromBacking(rv);
}

// Adds a part of the data: `call()` to the backing module, then to the use, where it counts.
template <typename Call>
Status AddPart(Wrap& wrap, Kind kind, CK_SESSION_HANDLE session, ByteView part, const Call& call) {
  Operations::Claim claim(wrap.operations, session, kind);
  if (claim.is_busy()) return Fail(CKR_OPERATION_NOT_INITIALIZED, kAnotherCall);
  const CK_RV rv = call();
  if (rv != CKR_OK || claim.operation() == nullptr || !claim.operation()->use) {
    return FromBacking(rv);
  }
  Status added = claim.operation()->use->Add(part);
  if (!added) {
    Abandon(wrap, kind, session);
    claim.Clear();
  }
  return added;
}

}  // namespace grant::pkcs11::wrap
