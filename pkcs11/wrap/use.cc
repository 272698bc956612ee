#include "pkcs11/wrap/use.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "grant/cryptoki/mechanism.h"
#include "grant/cryptoki/names.h"

namespace grant::pkcs11::wrap {
namespace {

template <typename T>
bool ReadParameter(const CK_MECHANISM& mechanism, T& parameter) {
  if (mechanism.pParameter == nullptr || mechanism.ulParameterLen != sizeof parameter) return false;
  std::memcpy(&parameter, mechanism.pParameter, sizeof parameter);
  return true;
}

// Describes the mechanism to grantd, as far as the message has a place for it. Whether it is right
// is for the backing module to say.
void Describe(const CK_MECHANISM& mechanism, gate::SignTarget& target) {
  target.mechanism.type = mechanism.mechanism;
  const auto* facts = cryptoki::FindSigningMechanism(mechanism.mechanism);
  if (facts != nullptr && facts->scheme == cryptoki::Scheme::kRsaPss) {
    CK_RSA_PKCS_PSS_PARAMS pss{};
    target.opaque_parameters = !ReadParameter(mechanism, pss);
    if (target.opaque_parameters) return;
    target.mechanism.pss = gate::PssParameters{pss.hashAlg, pss.mgf, pss.sLen};
    return;
  }
  target.opaque_parameters = mechanism.ulParameterLen != 0;
  // Pure EdDSA may be asked for in so many words.
  CK_EDDSA_PARAMS eddsa{};
  if (facts != nullptr && facts->scheme == cryptoki::Scheme::kEddsa &&
      ReadParameter(mechanism, eddsa) && eddsa.phFlag == CK_FALSE && eddsa.ulContextDataLen == 0) {
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
