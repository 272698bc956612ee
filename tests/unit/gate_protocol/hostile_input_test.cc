// Whatever arrives, Decode answers with a message or an error.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/gate_protocol/samples.h"

namespace grant::gate {
namespace {

template <typename M>
void ExpectInvalid(ByteView body) {
  Result<M> decoded = Decode<M>(body);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, Code::kInvalid);
}

TEST(HostileInput, ABodyCutAnywhereIsRefused) {
  ForEachMessage([]<typename M>(const M& message) {
    Bytes body = Encode(message);
    for (size_t size = 0; size < body.size(); ++size) ExpectInvalid<M>(ByteView(body).first(size));
  });
}

TEST(HostileInput, ABodyWithBytesLeftOverIsRefused) {
  ForEachMessage([]<typename M>(const M& message) {
    Bytes body = Encode(message);
    body.push_back(0);
    ExpectInvalid<M>(body);
  });
}

TEST(HostileInput, ATruthValueIsZeroOrOne) {
  Bytes body = Encode(Objects{1, true, {}});
  body[8] = 2;
  ExpectInvalid<Objects>(body);
}

TEST(HostileInput, AListLongerThanItsBytesIsRefused) {
  ExpectInvalid<Tokens>(Bytes{0, 0, 0, 5, 1, 2});
  ExpectInvalid<Tokens>(Bytes{0xff, 0xff, 0xff, 0xff});
}

TEST(HostileInput, AListOverTheBoundIsRefusedThoughItsBytesAreThere) {
  SignerRecord signer{"s", {}};
  signer.mechanisms.resize(kListItemsMax);
  Objects objects{1, true, {{1, {}, signer}}};
  EXPECT_TRUE(Decode<Objects>(Encode(objects)).has_value());
  objects.objects[0].signer->mechanisms.push_back(1);
  ExpectInvalid<Objects>(Encode(objects));
}

TEST(HostileInput, AByteStringLongerThanTheBodyIsRefused) {
  ExpectInvalid<Signature>(Bytes{0xff, 0xff, 0xff, 0xff, 1});
  ExpectInvalid<Signature>(Bytes{0, 0, 0, 2, 1});
}

template <typename M>
void DecodeOf(ByteView body) {
  Result<M> decoded = Decode<M>(body);
  // What is accepted is exactly what would have been written.
  if (decoded) RC_ASSERT(Encode(*decoded) == Bytes(body.begin(), body.end()));
}

RC_GTEST_PROP(HostileInput, RandomBytesNeverDecodeToWhatWasNotWritten, (const Bytes& body)) {
  ForEachMessage([&body]<typename M>(const M&) { DecodeOf<M>(body); });
}

RC_GTEST_PROP(HostileInput, AFlippedByteNeverDecodesToWhatWasNotWritten, ()) {
  const auto position = *rc::gen::arbitrary<size_t>();
  const auto flip = *rc::gen::inRange(1, 256);
  ForEachMessage([&]<typename M>(const M& message) {
    Bytes body = Encode(message);
    if (body.empty()) return;
    body[position % body.size()] ^= static_cast<uint8_t>(flip);
    DecodeOf<M>(body);
  });
}

}  // namespace
}  // namespace grant::gate
