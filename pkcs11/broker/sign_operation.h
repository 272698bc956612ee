// A signing operation of a session.
#pragma once

#include "pkcs11/broker/data_operation.h"
#include "pkcs11/broker/sign_mechanism.h"
#include "pkcs11/broker/token.h"

namespace grant::pkcs11 {

// What it asks of grantd. A request to sign is sent once: grantd may have spent a use for it even
// where no answer came back.
class SignCalls {
 public:
  using Outcome = Result<Bytes>;

  SignCalls(GateClient& gate, TokenRef token, CK_OBJECT_HANDLE key, SignMechanism mechanism,
            size_t signature_bytes);

  bool takes_parts() const { return mechanism_.takes_parts(); }
  size_t output_bytes() const { return signature_bytes_; }
  std::optional<size_t> data_bytes_max() const { return mechanism_.DataBytesMax(signature_bytes_); }

  Status Begin(Lease& lease);
  Result<Bytes> Whole(Lease& lease, Bytes data);
  Result<Bytes> End(Lease& lease);

 private:
  Result<gate::SignTarget> TargetOn(Lease& lease) const;
  Result<Bytes> Checked(Result<gate::Signature> answer) const;

  GateClient* gate_;
  TokenRef token_;
  CK_OBJECT_HANDLE key_;
  SignMechanism mechanism_;
  size_t signature_bytes_;
};

using SignOperation = DataOperation<SignCalls>;

// Nothing is asked of grantd before there is data to sign. Errors: as SignMechanism::CheckKey, and
// those of RequiredSignatureBytes.
Result<SignOperation> BeginSignOperation(GateClient& gate, TokenRef token, const Object& key,
                                         const SignMechanism& mechanism);

}  // namespace grant::pkcs11
