// Certificate requests (PKCS#10, RFC 2986) that grantd builds itself: what the key signs is never
// of a caller's making.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/error.h"
#include "grant/gate/protocol.h"
#include "grantd/domain/distinguished_name.h"
#include "grantd/keys/public_key.h"

struct X509_req_st;  // OpenSSL's X509_REQ

namespace grant {

class CertificateRequest {
 public:
  // Errors: kInvalid for a subject, a name or a key that cannot be in one.
  static Result<CertificateRequest> Build(const PublicKey& key,
                                          const std::vector<NamePart>& subject,
                                          const std::vector<AlternativeName>& names);

  // What the token is to sign, and how: the whole or its digest, by the key's type.
  const Bytes& input() const { return input_; }
  const gate::SignMechanism& mechanism() const { return mechanism_; }
  // Of the part that is signed: "sha256:...".
  const std::string& digest() const { return digest_; }

  // The request in PEM. Errors: kUnavailable where the signature is not the key's.
  Result<std::string> Finish(const Bytes& signature);

 private:
  CertificateRequest() = default;
  Status ChooseMechanism();

  PublicKey key_;
  std::shared_ptr<X509_req_st> request_;
  int algorithm_ = 0;  // OpenSSL's number of the signature's algorithm
  bool ecdsa_ = false;
  Bytes input_;
  gate::SignMechanism mechanism_;
  std::string digest_;
};

}  // namespace grant
