// The public half of a key on a token, as OpenSSL has it.
#pragma once

#include <memory>
#include <string>

#include "grant/error.h"
#include "grantd/gate/key_directory.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace grant {

using PublicKey = std::shared_ptr<evp_pkey_st>;

// Of RSA and Edwards keys, and of elliptic curves that have a name; on the token it may stand in
// the public key with the same CKA_ID. Errors: kInvalid where it is not there, or makes no sense.
Result<PublicKey> PublicKeyOf(const NamedKey& named);

// In PEM, as "-----BEGIN PUBLIC KEY-----".
Result<std::string> ToPem(const PublicKey& key);

// Whether the first certificate in `pem` is of this key. Errors: kInvalid where there is none.
Result<bool> IsOfKey(const std::string& pem, const PublicKey& key);

// Whether each certificate in `pem` was issued under the name and key identifier of the next one.
Status CheckChain(const std::string& pem);

}  // namespace grant
