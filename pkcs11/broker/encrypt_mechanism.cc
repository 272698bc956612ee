#include "pkcs11/broker/encrypt_mechanism.h"

#include <algorithm>

#include "pkcs11/mechanism_parameter.h"

namespace grant::pkcs11 {
namespace {

constexpr CK_ULONG kLabelBytesMax = 4096;

Result<EncryptMechanism> ParseOaep(const CK_MECHANISM& raw) {
  GRANT_TRY(const CK_RSA_PKCS_OAEP_PARAMS oaep, ParameterAs<CK_RSA_PKCS_OAEP_PARAMS>(raw));
  GRANT_TRY(const cryptoki::Hash hash, CheckHashAndMgf(oaep.hashAlg, oaep.mgf));
  const bool labelled = oaep.ulSourceDataLen != 0;
  if ((labelled && (oaep.source != CKZ_DATA_SPECIFIED || oaep.pSourceData == nullptr)) ||
      oaep.ulSourceDataLen > kLabelBytesMax) {
    return Fail(CKR_MECHANISM_PARAM_INVALID, "the label is not given as CKZ_DATA_SPECIFIED says");
  }
  const auto* label = static_cast<const uint8_t*>(oaep.pSourceData);
  gate::OaepParameters parameters{oaep.hashAlg, oaep.mgf, {}};
  if (labelled) parameters.label.assign(label, label + oaep.ulSourceDataLen);
  return EncryptMechanism{{raw.mechanism, std::move(parameters)},
                          2 * cryptoki::FactsOf(hash).digest_bytes + 2};
}

}  // namespace

Result<EncryptMechanism> EncryptMechanism::Parse(const CK_MECHANISM& raw) {
  if (std::ranges::count(cryptoki::EncryptionMechanisms(), raw.mechanism) == 0) {
    return Fail(CKR_MECHANISM_INVALID);
  }
  if (raw.mechanism == CKM_RSA_PKCS_OAEP) return ParseOaep(raw);
  GRANT_CHECK(CheckNoParameter(raw));
  return EncryptMechanism{{raw.mechanism, {}},
                          raw.mechanism == CKM_RSA_PKCS ? cryptoki::kPkcs1PaddingBytes : 0};
}

}  // namespace grant::pkcs11
