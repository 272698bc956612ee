// Signing (PKCS #11 v2.40, 5.11).
#include <algorithm>
#include <utility>

#include "pkcs11/broker/functions.h"

namespace grant::pkcs11 {
namespace {

Status CheckOffered(const Token& token, CK_MECHANISM_TYPE type) {
  const RecordRef record = token.record();
  if (std::ranges::count(record->mechanisms, type, &gate::MechanismRecord::type) != 0) return {};
  return Fail(CKR_MECHANISM_INVALID, "the token does not offer the mechanism");
}

// Gives the caller the signature that `make` makes. A size query and a small buffer are answered
// from the key alone and keep the operation; whatever else happens ends it.
template <typename Make>
Status GiveSignature(Session& session, CK_BYTE_PTR buffer, CK_ULONG_PTR bytes, Make make) {
  GRANT_TRY(SignOperation operation, session.TakeSigning());
  if (bytes == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_CHECK(make.Check(operation));
  const CK_ULONG room = *bytes;
  *bytes = operation.signature_bytes();
  if (buffer == nullptr || room < operation.signature_bytes()) {
    session.PutBackSigning(std::move(operation));
    if (buffer != nullptr) return Fail(CKR_BUFFER_TOO_SMALL);
    return {};
  }
  GRANT_TRY(Bytes signature, make.Make(operation));
  std::ranges::copy(signature, buffer);
  return {};
}

// C_Sign: the whole data at once, and no C_SignUpdate before it.
struct FromData {
  CK_BYTE_PTR data;
  CK_ULONG bytes;

  Status Check(const SignOperation& operation) const {
    if (data == nullptr && bytes != 0) return Fail(CKR_ARGUMENTS_BAD);
    if (operation.has_parts()) return Fail(CKR_OPERATION_NOT_INITIALIZED);
    return {};
  }
  Result<Bytes> Make(SignOperation& operation) const { return operation.Sign({data, bytes}); }
};

// C_SignFinal: what C_SignUpdate added. A mechanism that does not hash takes no parts; SoftHSM, for
// one, then says that no such operation was begun.
struct FromParts {
  static Status Check(const SignOperation& operation) {
    if (!operation.takes_parts()) return Fail(CKR_OPERATION_NOT_INITIALIZED);
    return {};
  }
  static Result<Bytes> Make(SignOperation& operation) { return operation.Finish(); }
};

}  // namespace

Status SignInit(Session& session, CK_MECHANISM_PTR raw, CK_OBJECT_HANDLE key) {
  GRANT_CHECK(session.CheckNotSigning());
  GRANT_TRY(SignMechanism mechanism, SignMechanism::Parse(raw));
  GRANT_CHECK(CheckOffered(*session.token, raw->mechanism));
  Result<ObjectRef> object = session.token->objects.Find(key);
  if (!object) return Fail(CKR_KEY_HANDLE_INVALID);
  GRANT_TRY(SignOperation operation,
            SignOperation::Begin(session.broker.gate, session.token, **object, mechanism));
  return session.BeginSigning(std::move(operation));
}

Status Sign(Session& session, CK_BYTE_PTR data, CK_ULONG data_bytes, CK_BYTE_PTR signature,
            CK_ULONG_PTR signature_bytes) {
  return GiveSignature(session, signature, signature_bytes, FromData{data, data_bytes});
}

Status SignUpdate(Session& session, CK_BYTE_PTR part, CK_ULONG part_bytes) {
  GRANT_TRY(SignOperation operation, session.TakeSigning());
  if (part == nullptr && part_bytes != 0) return Fail(CKR_ARGUMENTS_BAD);
  if (!operation.takes_parts()) return Fail(CKR_OPERATION_NOT_INITIALIZED);
  GRANT_CHECK(operation.Update({part, part_bytes}));
  session.PutBackSigning(std::move(operation));
  return {};
}

Status SignFinal(Session& session, CK_BYTE_PTR signature, CK_ULONG_PTR signature_bytes) {
  return GiveSignature(session, signature, signature_bytes, FromParts{});
}

}  // namespace grant::pkcs11
