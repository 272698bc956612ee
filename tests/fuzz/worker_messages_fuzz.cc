// What grantd and a worker process say to each other, in both directions: the type, then a body.
// Whatever can be read is written again as the same bytes.
#include <algorithm>

#include "grantd/worker/messages.h"
#include "tests/fuzz/fuzz.h"

namespace grant::worker {
namespace {

template <typename M>
void TryMessage(MessageType type, ByteView body) {
  if (type != M::kType) return;
  const auto message = Decode<M>(body);
  if (!message) return;
  const Bytes again = Encode(*message);
  fuzz::Require(std::equal(again.begin(), again.end(), body.begin(), body.end()));
}

template <typename... M>
void TryAll(MessageType type, ByteView body) {
  (TryMessage<M>(type, body), ...);
}

}  // namespace
}  // namespace grant::worker

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace grant::worker;  // NOLINT(google-build-using-namespace): the list below is long
  const grant::ByteView input(data, size);
  if (size >= kHeaderBytes) {
    const auto header = DecodeHeader(input.first(kHeaderBytes), kShortBytesMax);
    if (header) grant::fuzz::Require(header->body_bytes <= kShortBytesMax);
  }
  if (size < 2) return 0;
  const auto type = static_cast<MessageType>(data[0] << 8 | data[1]);
  TryAll<Open, Opened, DescribeToken, Described, GetObjects, Objects, Sign, Verify, Encrypt,
         GetRandom, Value, Done, Failed, AskPin, PinGiven, PinPresented, GenerateKey, KeyMade>(
      type, input.subspan(2));
  return 0;
}
