#include "grantd/worker/messages.h"

#include <algorithm>
#include <type_traits>
#include <unordered_set>

#include "grant/gate/codec.h"
#include "grantd/hsm/object_reader.h"
#include "grantd/hsm/pin_file.h"

namespace grant::worker {
namespace {

constexpr size_t kLeftOutMax = 16;

// These texts go into the log and the audit.
bool IsPrintable(const std::string& text) {
  return text.size() <= kTextBytesMax &&
         std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

bool IsFunctionName(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// What is wrong with a message that is well-formed; null where nothing is.
template <typename M>
const char* FaultIn(const M&) {
  return nullptr;
}

const char* FaultIn(const Failed& failed) {
  if (!IsFunctionName(failed.function)) return "that is no function's name";
  if (failed.code > static_cast<uint32_t>(Code::kInternal)) return "there is no such code";
  if (!IsPrintable(failed.message) || !IsPrintable(failed.hint)) return "the text is not printable";
  return nullptr;
}

const char* FaultIn(const Objects& objects) {
  if (objects.version == 0) return "0 is no version";
  if (!objects.changed && !objects.objects.empty()) return "there are objects though none changed";
  if (objects.objects.size() > kObjectsMax) return "there are too many objects";
  std::unordered_set<uint64_t> ids;
  for (const ObjectEntry& object : objects.objects) {
    if (object.id == 0 || !ids.insert(object.id).second) return "an object's ID is not its own";
  }
  return nullptr;
}

const char* FaultIn(const PinGiven& given) {
  return given.pin.empty() || given.pin.size() > kPinBytesMax ? "that is no PIN" : nullptr;
}

const char* FaultIn(const GenerateKey& wanted) {
  if (wanted.key_type < static_cast<uint16_t>(NewKeyType::kRsa2048) ||
      wanted.key_type > static_cast<uint16_t>(NewKeyType::kEd25519)) {
    return "there is no such type of key";
  }
  if (wanted.label.empty() || wanted.label.size() > kKeyLabelBytesMax ||
      !IsPrintable(wanted.label)) {
    return "that is no label";
  }
  if (wanted.id.empty() || wanted.id.size() > kKeyIdBytesMax) return "that is no ID of a key";
  return nullptr;
}

const char* FaultIn(const KeyMade& made) {
  if (made.left_out.size() > kLeftOutMax) return "too many attributes were left out";
  return std::ranges::all_of(made.left_out, IsFunctionName) ? nullptr
                                                            : "that is no attribute's name";
}

}  // namespace

template <typename M>
Bytes Encode(const M& message) {
  return gate::EncodeFields(message);
}

template <typename M>
Result<M> Decode(ByteView body) {
  GRANT_TRY(M message, gate::DecodeFields<M>(body, "worker message"));
  if (const char* fault = FaultIn(message)) {
    return Fail(Code::kInvalid, std::string("malformed worker message: ") + fault);
  }
  return message;
}

#define GRANT_MESSAGE(M)           \
  template Bytes Encode(const M&); \
  template Result<M> Decode(ByteView)
GRANT_MESSAGE(Open);
GRANT_MESSAGE(Opened);
GRANT_MESSAGE(DescribeToken);
GRANT_MESSAGE(Described);
GRANT_MESSAGE(GetObjects);
GRANT_MESSAGE(Objects);
GRANT_MESSAGE(Sign);
GRANT_MESSAGE(Verify);
GRANT_MESSAGE(Encrypt);
GRANT_MESSAGE(GetRandom);
GRANT_MESSAGE(Value);
GRANT_MESSAGE(Done);
GRANT_MESSAGE(Failed);
GRANT_MESSAGE(AskPin);
GRANT_MESSAGE(PinGiven);
GRANT_MESSAGE(PinPresented);
GRANT_MESSAGE(GenerateKey);
GRANT_MESSAGE(KeyMade);
#undef GRANT_MESSAGE

Bytes EncodeHeader(const FrameHeader& header) {
  Bytes bytes;
  bytes.reserve(kHeaderBytes);
  gate::Encoder encoder(&bytes);
  encoder(header.body_bytes);
  encoder(static_cast<uint16_t>(header.type));
  return bytes;
}

Result<FrameHeader> DecodeHeader(ByteView header, size_t body_bytes_max) {
  FrameHeader result;
  uint16_t type = 0;
  gate::Decoder decoder(header);
  decoder(result.body_bytes);
  decoder(type);
  if (decoder.Finish() != nullptr) return Fail(Code::kInvalid, "malformed header of a worker");
  if (result.body_bytes > body_bytes_max) {
    return Fail(Code::kTooLarge, "a worker's message of " + std::to_string(result.body_bytes) +
                                     " bytes is over the bound of " +
                                     std::to_string(body_bytes_max));
  }
  result.type = static_cast<MessageType>(type);
  return result;
}

Failed ToFailed(const SessionFailure& failure) {
  return {failure.failure.rv,
          failure.failure.function,
          failure.failure.answered,
          static_cast<uint32_t>(failure.error.code),
          failure.error.message,
          failure.error.hint,
          false};
}

SessionFailure ToFailure(const Failed& failed) {
  return {TokenFailure{failed.rv, failed.function, failed.answered, {}},
          Error{static_cast<Code>(failed.code), failed.message, failed.hint}};
}

}  // namespace grant::worker
