#include "grant/gate/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/gate_protocol/samples.h"

namespace grant::gate {
namespace {

TEST(GateProtocol, EveryMessageSurvivesTheRoundTrip) {
  std::set<MessageType> types;
  ForEachMessage([&types]<typename M>(const M& message) {
    types.insert(M::kType);
    Bytes body = Encode(message);
    Result<M> decoded = Decode<M>(body);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(Encode(*decoded), body);
  });
  EXPECT_EQ(types.size(), 30U);
}

TEST(GateProtocol, FieldsComeBackAsTheyWere) {
  Sign sign = *Decode<Sign>(Encode(Sign{SampleTarget(), {1, 2, 3}}));
  EXPECT_EQ(sign.target.token, "prod");
  EXPECT_EQ(sign.target.key_id, 7U);
  EXPECT_EQ(sign.target.mechanism, SampleTarget().mechanism);
  EXPECT_EQ(sign.target.secret, "secret");
  EXPECT_EQ(sign.target.grant, "grt_01H");
  EXPECT_EQ(sign.data, (Bytes{1, 2, 3}));

  Objects objects = *Decode<Objects>(Encode(Objects{4, true, {SampleObject()}}));
  ASSERT_EQ(objects.objects.size(), 1U);
  EXPECT_TRUE(objects.objects[0].attributes[2].sensitive);
  EXPECT_EQ(objects.objects[0].signer->mechanisms, (std::vector<uint64_t>{0x40, 1}));

  Tokens tokens = *Decode<Tokens>(Encode(Tokens{{SampleToken()}}));
  EXPECT_EQ(tokens.tokens[0].slot_id, 0x1122334455667788U);
  EXPECT_TRUE(tokens.tokens[0].present);
  EXPECT_FALSE(tokens.tokens[0].accept_any_pin);
}

TEST(GateProtocol, NumbersAreBigEndian) {
  EXPECT_EQ(Encode(Hello{0x0102}), (Bytes{1, 2}));
  EXPECT_EQ(Encode(GetObjects{"a", 0x0304}), (Bytes{0, 0, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 3, 4}));
}

TEST(GateProtocol, ACauseWithoutANameIsKept) {
  Refused refused = *Decode<Refused>(Encode(Refused{static_cast<Cause>(999), 0, "m", "h"}));
  EXPECT_EQ(static_cast<uint16_t>(refused.cause), 999);
}

TEST(GateProtocol, AFrameIsHeaderAndBody) {
  Bytes body = {9, 8};
  Bytes frame = EncodeFrame(MessageType::kData, 0x01020304, body);
  EXPECT_EQ(frame, (Bytes{0, 0, 0, 2, 0, 12, 1, 2, 3, 4, 9, 8}));
  Result<FrameHeader> header = DecodeHeader(ByteView(frame).first(kHeaderBytes), 2);
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->body_bytes, 2U);
  EXPECT_EQ(header->type, MessageType::kData);
  EXPECT_EQ(header->sequence, 0x01020304U);
}

TEST(GateProtocol, ABodyOverTheBoundIsRefusedFromItsHeader) {
  Bytes header = EncodeHeader({101, MessageType::kSign, 1});
  EXPECT_TRUE(DecodeHeader(header, 101).has_value());
  ASSERT_FALSE(DecodeHeader(header, 100).has_value());
  EXPECT_EQ(DecodeHeader(header, 100).error().code, Code::kTooLarge);
}

TEST(GateProtocol, AHeaderOfAnotherSizeIsRefused) {
  Bytes header = EncodeHeader({1, MessageType::kSign, 1});
  header.push_back(0);
  EXPECT_FALSE(DecodeHeader(header, 100).has_value());
  EXPECT_FALSE(DecodeHeader(ByteView(header).first(9), 100).has_value());
}

}  // namespace
}  // namespace grant::gate
