// One signing operation of a session, from C_SignInit to its signature. Not for two threads at
// once: a call takes it out of its session and puts it back if it goes on.
#pragma once

#include <optional>

#include "grant/bytes.h"
#include "pkcs11/broker/gate_client.h"
#include "pkcs11/broker/sign_mechanism.h"
#include "pkcs11/broker/token.h"

namespace grant::pkcs11 {

class SignOperation {
 public:
  // Nothing is asked of grantd before there is data to sign. Errors: as SignMechanism::CheckKey,
  // and CKR_CURVE_NOT_SUPPORTED, CKR_KEY_SIZE_RANGE where the length of a signature is unknown.
  static Result<SignOperation> Begin(GateClient& gate, TokenRef token, const Object& key,
                                     SignMechanism mechanism);

  size_t signature_bytes() const { return signature_bytes_; }
  bool takes_parts() const { return mechanism_.takes_parts(); }
  bool has_parts() const { return has_parts_; }

  // Adds data. What exceeds one message is streamed to grantd on a connection of the operation's
  // own.
  Status Update(ByteView part);
  // The signature over what was added.
  Result<Bytes> Finish();
  // The signature over `data` alone.
  Result<Bytes> Sign(ByteView data);

 private:
  SignOperation(GateClient& gate, TokenRef token, CK_OBJECT_HANDLE key, SignMechanism mechanism,
                size_t signature_bytes);

  Result<gate::SignTarget> TargetOn(Lease& lease) const;
  Status FlushToStream();
  Result<Bytes> SignInOneMessage(ByteView data);
  Result<Bytes> EndStream();
  Result<Bytes> Checked(Result<gate::Signature> answer) const;

  GateClient* gate_;
  TokenRef token_;
  CK_OBJECT_HANDLE key_;
  SignMechanism mechanism_;
  size_t signature_bytes_;
  bool has_parts_ = false;
  Bytes buffer_;                 // at most kInlineDataBytesMax
  std::optional<Lease> stream_;  // SignBegun was received on it
};

}  // namespace grant::pkcs11
