// The parameters of a CK_MECHANISM.
#pragma once

#include <algorithm>
#include <cstring>

#include "grant/cryptoki/mechanism.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

// CKR_MECHANISM_PARAM_INVALID where they are not of that size.
template <typename T>
Result<T> ParameterAs(const CK_MECHANISM& raw) {
  T parameter{};
  if (raw.pParameter == nullptr || raw.ulParameterLen != sizeof parameter) {
    return Fail(CKR_MECHANISM_PARAM_INVALID, "the parameters have the wrong size");
  }
  std::memcpy(&parameter, raw.pParameter, sizeof parameter);
  return parameter;
}

inline Status CheckNoParameter(const CK_MECHANISM& raw) {
  if (raw.ulParameterLen == 0) return {};
  return Fail(CKR_MECHANISM_PARAM_INVALID, "the mechanism takes no parameters");
}

// The hash that PSS or OAEP parameters name, where the mask generation function is known, too.
inline Result<cryptoki::Hash> CheckHashAndMgf(CK_MECHANISM_TYPE hash, CK_RSA_PKCS_MGF_TYPE mgf) {
  const bool mgf_known = std::ranges::any_of(
      cryptoki::SigningMechanisms(),
      [mgf](const auto& facts) { return facts.hash && cryptoki::FactsOf(*facts.hash).mgf == mgf; });
  const std::optional<cryptoki::Hash> known = cryptoki::HashByMechanism(hash);
  if (!known || !mgf_known) {
    return Fail(CKR_MECHANISM_PARAM_INVALID, "unknown hash or mask generation function");
  }
  return *known;
}

}  // namespace grant::pkcs11
