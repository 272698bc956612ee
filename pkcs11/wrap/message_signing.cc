// Signing message by message (PKCS #11 v3.0, 5.14): each signature is a use of its own.
#include "pkcs11/wrap/counted.h"
#include "pkcs11/wrap/functions.h"

namespace grant::pkcs11::wrap {

Status MessageSignInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                       CK_OBJECT_HANDLE key) {
  return BeginSigning(wrap, Kind::kMessageSign, wrap.functions().C_MessageSignInit, session,
                      mechanism, key);
}

Status SignMessage(Wrap& wrap, CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
                   CK_ULONG parameter_bytes, CK_BYTE_PTR data, CK_ULONG data_bytes,
                   CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes) {
  const auto function = wrap.functions().C_SignMessage;
  if (function == nullptr) return Fail(CKR_FUNCTION_NOT_SUPPORTED);
  return GiveSignature(
      wrap, Kind::kMessageSign, After::kGoesOn, session, signature, signature_bytes,
      [&](CK_BYTE_PTR buffer, CK_ULONG_PTR bytes) {
        return function(session, parameter, parameter_bytes, data, data_bytes, buffer, bytes);
      },
      [&](Use& use) {
        return use.Add({data, data_bytes});
      });
}

Status SignMessageBegin(Wrap& wrap, CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
                        CK_ULONG parameter_bytes) {
  const auto function = wrap.functions().C_SignMessageBegin;
  if (function == nullptr) return Fail(CKR_FUNCTION_NOT_SUPPORTED);
  Operations::Claim claim(wrap.operations, session, Kind::kMessageSign);
  if (claim.is_busy()) return Fail(CKR_OPERATION_NOT_INITIALIZED, kAnotherCall);
  const CK_RV rv = function(session, parameter, parameter_bytes);
  if (rv == CKR_OK && claim.operation() != nullptr && claim.operation()->use) {
    claim.operation()->use->Reset();
  }
  return FromBacking(rv);
}

// The last part of a message is the one that is given a place for the signature's length.
Status SignMessageNext(Wrap& wrap, CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
                       CK_ULONG parameter_bytes, CK_BYTE_PTR data, CK_ULONG data_bytes,
                       CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes) {
  const auto function = wrap.functions().C_SignMessageNext;
  if (function == nullptr) return Fail(CKR_FUNCTION_NOT_SUPPORTED);
  const auto call = [&](CK_BYTE_PTR buffer, CK_ULONG_PTR bytes) {
    return function(session, parameter, parameter_bytes, data, data_bytes, buffer, bytes);
  };
  if (signature_bytes == nullptr) {
    return AddPart(wrap, Kind::kMessageSign, session, {data, data_bytes},
                   [&] { return call(nullptr, nullptr); });
  }
  return GiveSignature(wrap, Kind::kMessageSign, After::kGoesOn, session, signature,
                       signature_bytes, call, [&](Use& use) {
                         return use.Add({data, data_bytes});
                       });
}

Status MessageSignFinal(Wrap& wrap, CK_SESSION_HANDLE session) {
  Operations::Claim claim(wrap.operations, session, Kind::kMessageSign);
  if (claim.is_busy()) return Fail(CKR_OPERATION_NOT_INITIALIZED, kAnotherCall);
  GRANT_CHECK(Through<&CK_FUNCTION_LIST_3_0::C_MessageSignFinal>(wrap, session));
  claim.Clear();
  return {};
}

}  // namespace grant::pkcs11::wrap
