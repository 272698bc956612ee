// Signing, and signing with recovery (PKCS #11 v2.40, 5.11 and 5.14).
#include "pkcs11/wrap/counted.h"
#include "pkcs11/wrap/functions.h"

namespace grant::pkcs11::wrap {

Status SignInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                CK_OBJECT_HANDLE key) {
  return BeginSigning(wrap, Kind::kSign, wrap.functions().C_SignInit, session, mechanism, key);
}

Status Sign(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_bytes,
            CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes) {
  return GiveSignature(
      wrap, Kind::kSign, After::kEnds, session, signature, signature_bytes,
      [&](CK_BYTE_PTR buffer, CK_ULONG_PTR bytes) {
        return wrap.functions().C_Sign(session, data, data_bytes, buffer, bytes);
      },
      [&](Use& use) {
        return use.Add({data, data_bytes});
      });
}

Status SignUpdate(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_bytes) {
  return AddPart(wrap, Kind::kSign, session, {part, part_bytes},
                 [&] { return wrap.functions().C_SignUpdate(session, part, part_bytes); });
}

Status SignFinal(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR signature,
                 CK_ULONG_PTR signature_bytes) {
  return GiveSignature(
      wrap, Kind::kSign, After::kEnds, session, signature, signature_bytes,
      [&](CK_BYTE_PTR buffer, CK_ULONG_PTR bytes) {
        return wrap.functions().C_SignFinal(session, buffer, bytes);
      },
      [](Use&) { return Status(); });
}

Status SignRecoverInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                       CK_OBJECT_HANDLE key) {
  return BeginSigning(wrap, Kind::kSignRecover, wrap.functions().C_SignRecoverInit, session,
                      mechanism, key);
}

Status SignRecover(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_bytes,
                   CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes) {
  const auto function = wrap.functions().C_SignRecover;
  if (function == nullptr) return Fail(CKR_FUNCTION_NOT_SUPPORTED);
  return GiveSignature(
      wrap, Kind::kSignRecover, After::kEnds, session, signature, signature_bytes,
      [&](CK_BYTE_PTR buffer, CK_ULONG_PTR bytes) {
        return function(session, data, data_bytes, buffer, bytes);
      },
      [&](Use& use) {
        return use.Add({data, data_bytes});
      });
}

// Without a buffer it only tells the size, and takes nothing in.
Status SignEncryptUpdate(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR part,
                         CK_ULONG part_bytes, CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_bytes) {
  const auto function = wrap.functions().C_SignEncryptUpdate;
  if (function == nullptr) return Fail(CKR_FUNCTION_NOT_SUPPORTED);
  const ByteView taken_in = encrypted == nullptr ? ByteView() : ByteView(part, part_bytes);
  return AddPart(wrap, Kind::kSign, session, taken_in,
                 [&] { return function(session, part, part_bytes, encrypted, encrypted_bytes); });
}

}  // namespace grant::pkcs11::wrap
