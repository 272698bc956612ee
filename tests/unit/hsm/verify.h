// Verifying signatures with OpenSSL, by the public key as a token's objects show it.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "grantd/hsm/token.h"

namespace grant::test {

using PublicKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

PublicKey RsaKey(const TokenObject& public_key);
PublicKey P256Key(const TokenObject& public_key);
PublicKey Ed25519Key(const TokenObject& public_key);

// `digest` is null for Ed25519, which hashes on its own.
bool Verifies(EVP_PKEY* key, const EVP_MD* digest, ByteView data, ByteView signature);
bool VerifiesPss(EVP_PKEY* key, const EVP_MD* digest, int salt_bytes, ByteView data,
                 ByteView signature);
// The signature is r and s as PKCS#11 has them, one after the other.
bool VerifiesEcdsa(EVP_PKEY* key, const EVP_MD* digest, ByteView data, ByteView signature);

}  // namespace grant::test
