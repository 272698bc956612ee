// Bodies of gate messages, for both sides: the first two bytes choose the message. What can be read
// must be written again as the same bytes.
#include "grant/gate/protocol.h"
#include "tests/fuzz/fuzz.h"

namespace grant {
namespace {

template <typename M>
void TryMessage(gate::MessageType type, ByteView body) {
  if (type != M::kType) return;
  const auto message = gate::Decode<M>(body);
  if (!message) return;
  const Bytes again = gate::Encode(*message);
  fuzz::Require(std::equal(again.begin(), again.end(), body.begin(), body.end()));
}

template <typename... M>
void TryAll(gate::MessageType type, ByteView body) {
  (TryMessage<M>(type, body), ...);
}

}  // namespace
}  // namespace grant

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace grant;  // NOLINT(google-build-using-namespace): the list below is long
  const ByteView input(data, size);
  if (size >= gate::kHeaderBytes) {
    const auto header = gate::DecodeHeader(input.first(gate::kHeaderBytes), gate::kRequestBytesMax);
    if (header) fuzz::Require(header->body_bytes <= gate::kRequestBytesMax);
  }
  if (size < 2) return 0;
  const auto type = static_cast<gate::MessageType>(data[0] << 8 | data[1]);
  using namespace gate;  // NOLINT(google-build-using-namespace)
  TryAll<Hello, Welcome, GetTokens, Tokens, GetObjects, Objects, Login, LoginAccepted, Sign,
         SignBegin, Begun, Data, SignEnd, Signature, Refused, Spent, IdentifyKey, KeyIdentified,
         Verify, VerifyBegin, VerifyEnd, Verified, gate::Digest, DigestBegin, DigestEnd,
         DigestValue, Encrypt, Ciphertext, GetRandom, Random>(type, input.subspan(2));
  return 0;
}
