// The C_* functions that the wrap placement gates. Each is called by its row in entry_points.cc;
// the others go straight through to the backing module.
#pragma once

#include "pkcs11/error.h"
#include "pkcs11/wrap/wrap.h"

namespace grant::pkcs11::wrap {

// sessions.cc: what ends a session or an operation.
Status CloseSession(Wrap& wrap, CK_SESSION_HANDLE session);
Status CloseAllSessions(Wrap& wrap, CK_SLOT_ID slot);
Status SetOperationState(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR state,
                         CK_ULONG state_bytes, CK_OBJECT_HANDLE encryption_key,
                         CK_OBJECT_HANDLE authentication_key);
Status SessionCancel(Wrap& wrap, CK_SESSION_HANDLE session, CK_FLAGS flags);

// signing.cc: uses that a grant may allow.
Status SignInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                CK_OBJECT_HANDLE key);
Status Sign(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_bytes,
            CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes);
Status SignUpdate(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_bytes);
Status SignFinal(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR signature,
                 CK_ULONG_PTR signature_bytes);
Status SignRecoverInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                       CK_OBJECT_HANDLE key);
Status SignRecover(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_bytes,
                   CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes);
Status SignEncryptUpdate(Wrap& wrap, CK_SESSION_HANDLE session, CK_BYTE_PTR part,
                         CK_ULONG part_bytes, CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_bytes);

// message_signing.cc: the same, of version 3.0.
Status MessageSignInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                       CK_OBJECT_HANDLE key);
Status SignMessage(Wrap& wrap, CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
                   CK_ULONG parameter_bytes, CK_BYTE_PTR data, CK_ULONG data_bytes,
                   CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes);
Status SignMessageBegin(Wrap& wrap, CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
                        CK_ULONG parameter_bytes);
Status SignMessageNext(Wrap& wrap, CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
                       CK_ULONG parameter_bytes, CK_BYTE_PTR data, CK_ULONG data_bytes,
                       CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes);
Status MessageSignFinal(Wrap& wrap, CK_SESSION_HANDLE session);

template <>
inline constexpr bool kKeepsHandles<&SignInit> = true;
template <>
inline constexpr bool kKeepsHandles<&Sign> = true;
template <>
inline constexpr bool kKeepsHandles<&SignUpdate> = true;
template <>
inline constexpr bool kKeepsHandles<&SignFinal> = true;

// other_key_uses.cc: uses that no grant allows.
Status CopyObject(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                  CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR copy);
Status DestroyObject(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);
Status SetAttributeValue(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                         CK_ATTRIBUTE_PTR attributes, CK_ULONG count);
Status EncryptInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                   CK_OBJECT_HANDLE key);
Status DecryptInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                   CK_OBJECT_HANDLE key);
Status WrapKey(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
               CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE_PTR wrapped,
               CK_ULONG_PTR wrapped_bytes);
Status UnwrapKey(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                 CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR wrapped, CK_ULONG wrapped_bytes,
                 CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR key);
Status DeriveKey(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                 CK_OBJECT_HANDLE base_key, CK_ATTRIBUTE_PTR attributes, CK_ULONG count,
                 CK_OBJECT_HANDLE_PTR key);
Status MessageEncryptInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                          CK_OBJECT_HANDLE key);
Status MessageDecryptInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                          CK_OBJECT_HANDLE key);

}  // namespace grant::pkcs11::wrap
