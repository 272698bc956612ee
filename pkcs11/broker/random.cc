// Random numbers of the token (PKCS #11 v2.40, 5.15).
#include <algorithm>

#include "pkcs11/broker/functions.h"

namespace grant::pkcs11::broker {
namespace {

Status Check(const Session& session, const CK_BYTE* buffer, CK_ULONG bytes) {
  if (buffer == nullptr && bytes != 0) return Fail(CKR_ARGUMENTS_BAD);
  if ((session.token->record()->token_flags & CKF_RNG) == 0) return Fail(CKR_RANDOM_NO_RNG);
  return {};
}

}  // namespace

// The generator is shared with everybody else whom grantd serves.
Status SeedRandom(Session& session, CK_BYTE_PTR seed, CK_ULONG seed_bytes) {
  GRANT_CHECK(Check(session, seed, seed_bytes));
  return Fail(CKR_RANDOM_SEED_NOT_SUPPORTED);
}

Status GenerateRandom(Session& session, CK_BYTE_PTR random, CK_ULONG random_bytes) {
  GRANT_CHECK(Check(session, random, random_bytes));
  GateClient& gate = session.broker.gate;
  while (random_bytes != 0) {
    const auto bytes = std::min<CK_ULONG>(random_bytes, gate::kInlineDataBytesMax);
    const gate::GetRandom wanted{session.token->name, static_cast<uint32_t>(bytes)};
    GRANT_TRY(gate::Random answer, gate.AskSafely([&](Lease& lease) {
      return gate.Ask<gate::Random>(lease, wanted, gate.config().sign_timeout);
    }));
    GRANT_TRY(const Bytes fresh, gate.CheckLength(std::move(answer.data), bytes));
    random = std::copy(fresh.begin(), fresh.end(), random);
    random_bytes -= bytes;
  }
  return {};
}

}  // namespace grant::pkcs11::broker
