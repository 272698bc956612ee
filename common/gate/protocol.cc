#include "grant/gate/protocol.h"

#include "grant/gate/codec.h"

namespace grant::gate {

template <typename M>
Bytes Encode(const M& message) {
  return EncodeFields(message);
}

template <typename M>
Result<M> Decode(ByteView body) {
  return DecodeFields<M>(body, "gate message");
}

#define GRANT_MESSAGE(M)           \
  template Bytes Encode(const M&); \
  template Result<M> Decode(ByteView)
GRANT_MESSAGE(Hello);
GRANT_MESSAGE(Welcome);
GRANT_MESSAGE(GetTokens);
GRANT_MESSAGE(Tokens);
GRANT_MESSAGE(GetObjects);
GRANT_MESSAGE(Objects);
GRANT_MESSAGE(Login);
GRANT_MESSAGE(LoginAccepted);
GRANT_MESSAGE(Sign);
GRANT_MESSAGE(SignBegin);
GRANT_MESSAGE(Begun);
GRANT_MESSAGE(Data);
GRANT_MESSAGE(SignEnd);
GRANT_MESSAGE(Signature);
GRANT_MESSAGE(Refused);
GRANT_MESSAGE(Spent);
GRANT_MESSAGE(IdentifyKey);
GRANT_MESSAGE(KeyIdentified);
GRANT_MESSAGE(Verify);
GRANT_MESSAGE(VerifyBegin);
GRANT_MESSAGE(VerifyEnd);
GRANT_MESSAGE(Verified);
GRANT_MESSAGE(Digest);
GRANT_MESSAGE(DigestBegin);
GRANT_MESSAGE(DigestEnd);
GRANT_MESSAGE(DigestValue);
GRANT_MESSAGE(Encrypt);
GRANT_MESSAGE(Ciphertext);
GRANT_MESSAGE(GetRandom);
GRANT_MESSAGE(Random);
#undef GRANT_MESSAGE

Bytes EncodeHeader(const FrameHeader& header) {
  Bytes bytes;
  bytes.reserve(kHeaderBytes);
  Encoder encoder(&bytes);
  encoder(header.body_bytes);
  encoder(static_cast<uint16_t>(header.type));
  encoder(header.sequence);
  return bytes;
}

Bytes EncodeFrame(MessageType type, uint32_t sequence, ByteView body) {
  Bytes frame = EncodeHeader({static_cast<uint32_t>(body.size()), type, sequence});
  frame.insert(frame.end(), body.begin(), body.end());
  return frame;
}

Result<FrameHeader> DecodeHeader(ByteView header, size_t body_bytes_max) {
  FrameHeader result;
  uint16_t type = 0;
  Decoder decoder(header);
  decoder(result.body_bytes);
  decoder(type);
  decoder(result.sequence);
  if (decoder.Finish() != nullptr) return Fail(Code::kInvalid, "malformed gate frame header");
  if (result.body_bytes > body_bytes_max) {
    return Fail(Code::kTooLarge, "a gate frame of " + std::to_string(result.body_bytes) +
                                     " bytes is over the bound of " +
                                     std::to_string(body_bytes_max));
  }
  result.type = static_cast<MessageType>(type);
  return result;
}

}  // namespace grant::gate
