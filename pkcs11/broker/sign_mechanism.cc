#include "pkcs11/broker/sign_mechanism.h"

#include <algorithm>

#include "grant/cryptoki/names.h"
#include "pkcs11/broker/key_size.h"
#include "pkcs11/broker/key_use.h"
#include "pkcs11/mechanism_parameter.h"

namespace grant::pkcs11 {
namespace {

Result<gate::PssParameters> ParsePss(const CK_MECHANISM& raw,
                                     const cryptoki::MechanismFacts& facts) {
  GRANT_TRY(const CK_RSA_PKCS_PSS_PARAMS pss, ParameterAs<CK_RSA_PKCS_PSS_PARAMS>(raw));
  GRANT_TRY(const cryptoki::Hash hash, CheckHashAndMgf(pss.hashAlg, pss.mgf));
  if (facts.hash && (*facts.hash != hash || cryptoki::FactsOf(hash).mgf != pss.mgf)) {
    return Fail(CKR_MECHANISM_PARAM_INVALID, "the parameters name another hash than the mechanism");
  }
  return gate::PssParameters{pss.hashAlg, pss.mgf, pss.sLen};
}

// Pure EdDSA may be asked for in so many words; its variants are not served.
Status CheckEddsa(const CK_MECHANISM& raw) {
  if (raw.ulParameterLen == 0) return {};
  GRANT_TRY(const CK_EDDSA_PARAMS eddsa, ParameterAs<CK_EDDSA_PARAMS>(raw));
  if (eddsa.phFlag != CK_FALSE || eddsa.ulContextDataLen != 0) {
    return Fail(CKR_MECHANISM_PARAM_INVALID, "only pure EdDSA without context is served");
  }
  return {};
}

// RFC 8017, 9.1.1: hash, salt and two bytes more must fit into one bit less than the modulus.
Status CheckSalt(const gate::PssParameters& pss, const Object& key) {
  const size_t bits = ModulusBits(key).value_or(0);
  const size_t block = bits == 0 ? 0 : (bits - 1 + 7) / 8;
  const size_t hash = cryptoki::FactsOf(*cryptoki::HashByMechanism(pss.hash)).digest_bytes;
  if (block < hash + 2 || pss.salt_bytes > block - hash - 2) {
    return Fail(CKR_MECHANISM_PARAM_INVALID, "the salt does not fit into the key");
  }
  return {};
}

Status CheckSigner(const gate::SignerRecord& signer, CK_MECHANISM_TYPE type) {
  if (signer.mechanisms.empty() || std::ranges::count(signer.mechanisms, type) != 0) return {};
  return Refuse(CKR_MECHANISM_INVALID,
                "signer " + signer.name + " does not allow " + cryptoki::MechanismName(type),
                "grantctl signer show " + signer.name);
}

}  // namespace

Result<SignMechanism> SignMechanism::Parse(const CK_MECHANISM& raw) {
  SignMechanism mechanism;
  mechanism.facts = cryptoki::FindSigningMechanism(raw.mechanism);
  if (mechanism.facts == nullptr) return Fail(CKR_MECHANISM_INVALID);
  mechanism.wire.type = raw.mechanism;
  if (mechanism.facts->scheme == cryptoki::Scheme::kRsaPss) {
    GRANT_TRY(mechanism.wire.pss, ParsePss(raw, *mechanism.facts));
  } else if (mechanism.facts->scheme == cryptoki::Scheme::kEddsa) {
    GRANT_CHECK(CheckEddsa(raw));
  } else {
    GRANT_CHECK(CheckNoParameter(raw));
  }
  return mechanism;
}

Status SignMechanism::CheckKey(const Object& key) const {
  GRANT_CHECK(CheckKeyUse(key, CKO_PRIVATE_KEY, facts->key_type, CKA_SIGN));
  if (key.signer) GRANT_CHECK(CheckSigner(*key.signer, wire.type));
  if (wire.pss) GRANT_CHECK(CheckSalt(*wire.pss, key));
  return {};
}

Status SignMechanism::CheckPublicKey(const Object& key) const {
  GRANT_CHECK(CheckKeyUse(key, CKO_PUBLIC_KEY, facts->key_type, CKA_VERIFY));
  if (wire.pss) GRANT_CHECK(CheckSalt(*wire.pss, key));
  return {};
}

std::optional<size_t> SignMechanism::DataBytesMax(size_t signature_bytes) const {
  if (facts->hash) return {};
  switch (facts->scheme) {
    case cryptoki::Scheme::kRsaPkcs1:
      return signature_bytes < cryptoki::kPkcs1PaddingBytes
                 ? 0
                 : signature_bytes - cryptoki::kPkcs1PaddingBytes;
    case cryptoki::Scheme::kRsaRaw:
      return signature_bytes;
    case cryptoki::Scheme::kRsaPss:
      return cryptoki::FactsOf(*cryptoki::HashByMechanism(wire.pss->hash)).digest_bytes;
    case cryptoki::Scheme::kEcdsa:  // the token cuts what is longer than the curve
    case cryptoki::Scheme::kEddsa:
      return {};
  }
  return {};
}

}  // namespace grant::pkcs11
