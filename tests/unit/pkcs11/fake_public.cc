#include "tests/unit/pkcs11/fake_public.h"

#include <algorithm>

#include "grant/cryptoki/mechanism.h"
#include "tests/unit/pkcs11/fake_gate.h"

namespace grant::test {
namespace {

using gate::MessageType;

template <typename M>
Answer AnswerWith(const M& message) {
  return {M::kType, gate::Encode(message)};
}

PublicCall CallOf(MessageType type, const gate::VerifyTarget& target) {
  PublicCall call;
  call.type = type;
  call.token = target.token;
  call.key_id = target.key_id;
  call.verify = target.mechanism;
  return call;
}

}  // namespace

std::optional<PublicCall> ReadPublicCall(const gate::Frame& request) {
  PublicCall call;
  call.type = request.type;
  switch (request.type) {
    case MessageType::kVerify: {
      const auto verify = gate::Decode<gate::Verify>(request.body);
      call = CallOf(request.type, verify->target);
      call.data = verify->data;
      call.signature = verify->signature;
      return call;
    }
    case MessageType::kVerifyBegin:
      return CallOf(request.type, gate::Decode<gate::VerifyBegin>(request.body)->target);
    case MessageType::kDigest: {
      const auto digest = gate::Decode<gate::Digest>(request.body);
      call.digest = digest->mechanism;
      call.data = digest->data;
      return call;
    }
    case MessageType::kDigestBegin:
      call.digest = gate::Decode<gate::DigestBegin>(request.body)->mechanism;
      return call;
    case MessageType::kEncrypt: {
      const auto encrypt = gate::Decode<gate::Encrypt>(request.body);
      call.token = encrypt->token;
      call.key_id = encrypt->key_id;
      call.encrypt = encrypt->mechanism;
      call.data = encrypt->data;
      return call;
    }
    case MessageType::kGetRandom: {
      const auto wanted = gate::Decode<gate::GetRandom>(request.body);
      call.token = wanted->token;
      call.random_bytes = wanted->bytes;
      return call;
    }
    default:
      return {};
  }
}

bool IsBegin(MessageType type) {
  return type == MessageType::kVerifyBegin || type == MessageType::kDigestBegin;
}

MessageType EndOf(MessageType begin) {
  return begin == MessageType::kVerifyBegin ? MessageType::kVerifyEnd : MessageType::kDigestEnd;
}

Answer AnswerPublicCall(const PublicCall& call) {
  switch (call.type) {
    case MessageType::kVerify:
    case MessageType::kVerifyBegin: {
      const bool right =
          std::ranges::all_of(call.signature, [](uint8_t byte) { return byte == kSignatureByte; });
      if (right) return AnswerWith(gate::Verified{});
      return AnswerWith(
          gate::Refused{Cause::kSignatureInvalid, 0, "the signature is not right", ""});
    }
    case MessageType::kDigest:
    case MessageType::kDigestBegin:
      return AnswerWith(gate::DigestValue{
          Bytes(cryptoki::FindDigestMechanism(call.digest)->digest_bytes, kDigestByte)});
    case MessageType::kEncrypt:
      return AnswerWith(gate::Ciphertext{Bytes(kRsaBytes, kCiphertextByte)});
    default:
      return AnswerWith(gate::Random{Bytes(call.random_bytes, kRandomByte)});
  }
}

}  // namespace grant::test
