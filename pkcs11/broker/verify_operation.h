// A verification of a session.
#pragma once

#include "pkcs11/broker/data_operation.h"
#include "pkcs11/broker/sign_mechanism.h"
#include "pkcs11/broker/token.h"

namespace grant::pkcs11 {

// What it asks of grantd: whether `signature`, which is set before the operation is finished, is
// right.
class VerifyCalls {
 public:
  using Outcome = Status;

  VerifyCalls(GateClient& gate, TokenRef token, CK_OBJECT_HANDLE key, SignMechanism mechanism,
              size_t signature_bytes);

  bool takes_parts() const { return mechanism_.takes_parts(); }
  std::optional<size_t> data_bytes_max() const { return mechanism_.DataBytesMax(signature_bytes_); }

  // CKR_ARGUMENTS_BAD, CKR_SIGNATURE_LEN_RANGE.
  Status SetSignature(CK_BYTE_PTR signature, CK_ULONG bytes);

  Status Begin(Lease& lease);
  Status Whole(Lease& lease, Bytes data);
  Status End(Lease& lease);

 private:
  Result<gate::VerifyTarget> TargetOn(Lease& lease) const;

  GateClient* gate_;
  TokenRef token_;
  CK_OBJECT_HANDLE key_;
  SignMechanism mechanism_;
  size_t signature_bytes_;
  Bytes signature_;
};

using VerifyOperation = DataOperation<VerifyCalls>;

// Errors: as SignMechanism::CheckPublicKey, and those of RequiredSignatureBytes.
Result<VerifyOperation> BeginVerifyOperation(GateClient& gate, TokenRef token, const Object& key,
                                             const SignMechanism& mechanism);

}  // namespace grant::pkcs11
