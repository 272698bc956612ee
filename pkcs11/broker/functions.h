// The C_* functions as the broker placement serves them. Each is called by its row in
// entry_points.cc, which has looked up the session, logs, catches exceptions and turns the Status
// into the CK_RV. What they do is in PKCS #11 v2.40; what they may do here, in their files.
#pragma once

#include "pkcs11/broker/broker.h"
#include "pkcs11/error.h"

namespace grant::pkcs11::broker {

// slots.cc
Status GetSlotList(Broker& broker, CK_BBOOL token_present, CK_SLOT_ID_PTR slots,
                   CK_ULONG_PTR count);
Status GetSlotInfo(Broker& broker, CK_SLOT_ID slot, CK_SLOT_INFO_PTR info);
Status GetTokenInfo(Broker& broker, CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info);
Status GetMechanismList(Broker& broker, CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR types,
                        CK_ULONG_PTR count);
Status GetMechanismInfo(Broker& broker, CK_SLOT_ID slot, CK_MECHANISM_TYPE type,
                        CK_MECHANISM_INFO_PTR info);
Status WaitForSlotEvent(Broker& broker, CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved);
Status InitToken(Broker& broker, CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG pin_bytes,
                 CK_UTF8CHAR_PTR label);

// information.cc: what a host that uses the list of version 3.0, or of 2.40, is told.
Status GetInfo(Broker& broker, CK_INFO_PTR info);
Status GetInfo240(Broker& broker, CK_INFO_PTR info);

// session_functions.cc
Status OpenSession(Broker& broker, CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application,
                   CK_NOTIFY notify, CK_SESSION_HANDLE_PTR handle);
Status CloseSession(Broker& broker, CK_SESSION_HANDLE handle);
Status CloseAllSessions(Broker& broker, CK_SLOT_ID slot);
Status GetSessionInfo(Session& session, CK_SESSION_INFO_PTR info);
Status LogIn(Session& session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_bytes);
Status LoginUser(Session& session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_bytes,
                 CK_UTF8CHAR_PTR user_name, CK_ULONG user_name_bytes);
Status LogOut(Session& session);
Status InitPin(Session& session, CK_UTF8CHAR_PTR pin, CK_ULONG pin_bytes);
Status SetPin(Session& session, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_bytes,
              CK_UTF8CHAR_PTR new_pin, CK_ULONG new_bytes);

// find.cc
Status FindObjectsInit(Session& session, CK_ATTRIBUTE_PTR wanted, CK_ULONG count);
Status FindObjects(Session& session, CK_OBJECT_HANDLE_PTR found, CK_ULONG count_max,
                   CK_ULONG_PTR count);
Status FindObjectsFinal(Session& session);

// objects.cc
Status GetAttributeValue(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR wanted,
                         CK_ULONG count);
Status GetObjectSize(Session& session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size);
Status CreateObject(Session& session, CK_ATTRIBUTE_PTR attributes, CK_ULONG count,
                    CK_OBJECT_HANDLE_PTR object);
Status CopyObject(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attributes,
                  CK_ULONG count, CK_OBJECT_HANDLE_PTR copy);
Status DestroyObject(Session& session, CK_OBJECT_HANDLE object);
Status SetAttributeValue(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attributes,
                         CK_ULONG count);
Status GenerateKey(Session& session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR attributes,
                   CK_ULONG count, CK_OBJECT_HANDLE_PTR key);
Status GenerateKeyPair(Session& session, CK_MECHANISM_PTR mechanism,
                       CK_ATTRIBUTE_PTR public_template, CK_ULONG public_count,
                       CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count,
                       CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key);

// other_key_uses.cc
Status UseKeyOtherwise(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
Status WrapKey(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping_key,
               CK_OBJECT_HANDLE key, CK_BYTE_PTR wrapped, CK_ULONG_PTR wrapped_bytes);
Status UnwrapKey(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE unwrapping_key,
                 CK_BYTE_PTR wrapped, CK_ULONG wrapped_bytes, CK_ATTRIBUTE_PTR attributes,
                 CK_ULONG count, CK_OBJECT_HANDLE_PTR key);
Status DeriveKey(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base_key,
                 CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR key);

// signing.cc
Status SignInit(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
Status Sign(Session& session, CK_BYTE_PTR data, CK_ULONG data_bytes, CK_BYTE_PTR signature,
            CK_ULONG_PTR signature_bytes);
Status SignUpdate(Session& session, CK_BYTE_PTR part, CK_ULONG part_bytes);
Status SignFinal(Session& session, CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes);

// verifying.cc
Status VerifyInit(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
Status Verify(Session& session, CK_BYTE_PTR data, CK_ULONG data_bytes, CK_BYTE_PTR signature,
              CK_ULONG signature_bytes);
Status VerifyUpdate(Session& session, CK_BYTE_PTR part, CK_ULONG part_bytes);
Status VerifyFinal(Session& session, CK_BYTE_PTR signature, CK_ULONG signature_bytes);

// digesting.cc
Status DigestInit(Session& session, CK_MECHANISM_PTR mechanism);
Status Digest(Session& session, CK_BYTE_PTR data, CK_ULONG data_bytes, CK_BYTE_PTR digest,
              CK_ULONG_PTR digest_bytes);
Status DigestUpdate(Session& session, CK_BYTE_PTR part, CK_ULONG part_bytes);
Status DigestKey(Session& session, CK_OBJECT_HANDLE key);
Status DigestFinal(Session& session, CK_BYTE_PTR digest, CK_ULONG_PTR digest_bytes);

// encrypting.cc
Status EncryptInit(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
Status Encrypt(Session& session, CK_BYTE_PTR data, CK_ULONG data_bytes, CK_BYTE_PTR encrypted,
               CK_ULONG_PTR encrypted_bytes);
Status EncryptUpdate(Session& session, CK_BYTE_PTR part, CK_ULONG part_bytes, CK_BYTE_PTR encrypted,
                     CK_ULONG_PTR encrypted_bytes);
Status EncryptFinal(Session& session, CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_bytes);

// random.cc
Status SeedRandom(Session& session, CK_BYTE_PTR seed, CK_ULONG seed_bytes);
Status GenerateRandom(Session& session, CK_BYTE_PTR random, CK_ULONG random_bytes);

// operation_state.cc
Status GetOperationState(Session& session, CK_BYTE_PTR state, CK_ULONG_PTR state_bytes);
Status SetOperationState(Session& session, CK_BYTE_PTR state, CK_ULONG state_bytes,
                         CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key);
Status SessionCancel(Session& session, CK_FLAGS operations);

}  // namespace grant::pkcs11::broker
