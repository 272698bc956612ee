#include "grantd/hsm/key_calls.h"

#include <algorithm>

#include "grant/cryptoki/mechanism.h"

namespace grant {
namespace {

constexpr size_t kOutputBytesMax = 8192;

// The token reads the bytes only, though the prototypes would let it write. A module may reject a
// null pointer even where there is no data.
uint8_t* Input(ByteView data) {
  static const uint8_t kNoData = 0;
  return const_cast<uint8_t*>(data.empty() ? &kNoData : data.data());
}

// Whether C_Sign answered so because the token would not sign. Other failures, of the line to the
// token for instance, may follow a signature that was made.
bool IsRefusal(CK_RV rv) {
  switch (rv) {
    case CKR_DATA_INVALID:
    case CKR_DATA_LEN_RANGE:
    case CKR_FUNCTION_REJECTED:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_KEY_SIZE_RANGE:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_OPERATION_NOT_INITIALIZED:
    case CKR_USER_NOT_LOGGED_IN:
      return true;
    default:
      return false;
  }
}

// C_Sign and C_Encrypt are alike.
SessionResult<Bytes> CallWithOutput(const char* name, CK_C_Sign function, CK_SESSION_HANDLE session,
                                    ByteView data) {
  Bytes output(kOutputBytesMax);
  CK_ULONG length = output.size();
  const CK_RV rv = function(session, Input(data), data.size(), output.data(), &length);
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure(name, rv));
  output.resize(std::min<size_t>(length, kOutputBytesMax));
  return output;
}

}  // namespace

RawMechanism::RawMechanism(const gate::SignMechanism& mechanism)
    : raw_{mechanism.type, nullptr, 0} {
  if (!mechanism.pss) return;
  pss_ = {mechanism.pss->hash, mechanism.pss->mgf, mechanism.pss->salt_bytes};
  raw_.pParameter = &pss_;
  raw_.ulParameterLen = sizeof pss_;
}

RawMechanism::RawMechanism(const gate::EncryptMechanism& mechanism)
    : raw_{mechanism.type, nullptr, 0} {
  if (!mechanism.oaep) return;
  const Bytes& label = mechanism.oaep->label;
  oaep_ = {mechanism.oaep->hash, mechanism.oaep->mgf, CKZ_DATA_SPECIFIED,
           label.empty() ? nullptr : const_cast<uint8_t*>(label.data()), label.size()};
  raw_.pParameter = &oaep_;
  raw_.ulParameterLen = sizeof oaep_;
}

CK_RV CheckInput(const KeyHandle& key, CK_MECHANISM_TYPE mechanism, size_t data_bytes) {
  const cryptoki::MechanismFacts* const facts = cryptoki::FindSigningMechanism(mechanism);
  const bool encrypts = std::ranges::count(cryptoki::EncryptionMechanisms(), mechanism) != 0;
  if (facts == nullptr && !encrypts) return CKR_OK;
  const CK_KEY_TYPE type = facts != nullptr ? facts->key_type : CKK_RSA;
  if (key.type != type) return CKR_KEY_TYPE_INCONSISTENT;
  const bool hashes = facts != nullptr && facts->hash;
  if (type == CKK_RSA && !hashes && data_bytes > key.modulus_bytes) return CKR_DATA_LEN_RANGE;
  return CKR_OK;
}

SessionResult<Bytes> CallSign(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                              ByteView data) {
  auto signature = CallWithOutput("C_Sign", functions->C_Sign, session, data);
  if (!signature) {
    TokenFailure& failure = signature.error().failure;
    failure.answered = IsRefusal(failure.rv);
  }
  return signature;
}

SessionResult<void> CallVerify(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                               ByteView data, ByteView signature) {
  const CK_RV rv =
      functions->C_Verify(session, Input(data), data.size(), Input(signature), signature.size());
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_Verify", rv));
  return {};
}

SessionResult<Bytes> CallEncrypt(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                                 ByteView data) {
  return CallWithOutput("C_Encrypt", functions->C_Encrypt, session, data);
}

SessionResult<Bytes> CallGenerateRandom(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                                        size_t bytes) {
  Bytes random(bytes);
  if (bytes == 0) return random;
  const CK_RV rv = functions->C_GenerateRandom(session, random.data(), random.size());
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_GenerateRandom", rv));
  return random;
}

}  // namespace grant
