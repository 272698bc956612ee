#include "pkcs11/wrap/use.h"

#include <algorithm>
#include <utility>

#include "grant/cryptoki/mechanism.h"
#include "grant/cryptoki/names.h"
#include "pkcs11/mechanism_parameter.h"

namespace grant::pkcs11::wrap {
namespace {

// Describes the mechanism to grantd, as far as the message has a place for it. Whether it is right
// is for the backing module to say.
void Describe(const CK_MECHANISM& mechanism, gate::SignTarget& target) {
  target.mechanism.type = mechanism.mechanism;
  const auto* facts = cryptoki::FindSigningMechanism(mechanism.mechanism);
  if (facts != nullptr && facts->scheme == cryptoki::Scheme::kRsaPss) {
    const auto pss = ParameterAs<CK_RSA_PKCS_PSS_PARAMS>(mechanism);
    target.opaque_parameters = !pss;
    if (pss) target.mechanism.pss = gate::PssParameters{pss->hashAlg, pss->mgf, pss->sLen};
    return;
  }
  target.opaque_parameters = mechanism.ulParameterLen != 0;
  // Pure EdDSA may be asked for in so many words.
  if (facts == nullptr || facts->scheme != cryptoki::Scheme::kEddsa) return;
  const auto eddsa = ParameterAs<CK_EDDSA_PARAMS>(mechanism);
  if (eddsa && eddsa->phFlag == CK_FALSE && eddsa->ulContextDataLen == 0) {
    target.opaque_parameters = false;
  }
}

}  // namespace

Result<Use> Use::Begin(GateClient& gate, const GovernedKey& key, const CK_MECHANISM& mechanism) {
  const auto& allowed = key.signer.mechanisms;
  if (!allowed.empty() && std::ranges::count(allowed, mechanism.mechanism) == 0) {
    return Refuse(CKR_MECHANISM_INVALID,
                  "signer " + key.signer.name + " does not allow " +
                      cryptoki::MechanismName(mechanism.mechanism),
                  "grantctl signer show " + key.signer.name);
  }
  gate::SignTarget target{
      .token = key.token, .key_id = key.id, .grant = gate.config().grant, .spend_only = true};
  Describe(mechanism, target);
  return Use(gate, std::move(target));
}

Status Use::Begin(Lease& lease) {
  GRANT_CHECK(
      gate_->Ask<gate::Begun>(lease, gate::SignBegin{target_}, gate_->config().sign_timeout));
  return {};
}

Status Use::Add(ByteView part) {
  if (part.data() == nullptr && !part.empty()) return Fail(CKR_ARGUMENTS_BAD);
  return data_.Add(part, [this](Lease& lease) { return Begin(lease); });
}

Status Use::Spend() {
  const auto timeout = gate_->config().sign_timeout;
  GRANT_CHECK(data_.Finish(
      [this](Lease& lease) { return Begin(lease); },
      [&](Lease& lease, Bytes data) {
        return gate_->Ask<gate::Spent>(lease, gate::Sign{target_, std::move(data)}, timeout);
      },
      [&](Lease& lease) { return gate_->Ask<gate::Spent>(lease, gate::SignEnd{}, timeout); }));
  return {};
}

}  // namespace grant::pkcs11::wrap
