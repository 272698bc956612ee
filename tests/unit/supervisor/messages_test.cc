#include "grantd/worker/messages.h"

#include <gtest/gtest.h>

namespace grant::worker {
namespace {

TEST(WorkerMessages, ComeBackAsTheyWere) {
  const Sign sign{7, {CKM_RSA_PKCS_PSS, gate::PssParameters{1, 2, 3}}, {9, 8}};
  const auto decoded = Decode<Sign>(Encode(sign));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->key_id, 7U);
  EXPECT_EQ(decoded->mechanism, sign.mechanism);
  EXPECT_EQ(decoded->data, sign.data);
}

TEST(WorkerMessages, EveryCutIsNoticed) {
  const Bytes body = Encode(Failed{5, "C_Sign", true, 6, "it failed", "mend it", false});
  ASSERT_TRUE(Decode<Failed>(body));
  for (size_t length = 0; length < body.size(); ++length) {
    EXPECT_FALSE(Decode<Failed>(ByteView(body).first(length))) << length;
  }
}

TEST(WorkerMessages, AFailureIsOnlyWhatMayGoIntoTheAudit) {
  const Failed good{5, "C_Sign", true, 0, "text", "hint", false};
  EXPECT_TRUE(Decode<Failed>(Encode(good)));
  for (const auto& spoil : std::initializer_list<void (*)(Failed&)>{
           [](Failed& f) { f.function = ""; }, [](Failed& f) { f.function = "C_Sign "; },
           [](Failed& f) { f.code = 99; }, [](Failed& f) { f.message = "a\nb"; },
           [](Failed& f) { f.hint = std::string(kTextBytesMax + 1, 'x'); }}) {
    Failed bad = good;
    spoil(bad);
    EXPECT_FALSE(Decode<Failed>(Encode(bad)));
  }
}

TEST(WorkerMessages, ObjectsHaveAVersionAndIdsOfTheirOwn) {
  const Objects good{3, true, {{1, 2, {}}, {2, 2, {}}}};
  EXPECT_TRUE(Decode<Objects>(Encode(good)));
  for (const auto& spoil : std::initializer_list<void (*)(Objects&)>{
           [](Objects& o) { o.version = 0; }, [](Objects& o) { o.changed = false; },
           [](Objects& o) { o.objects[1].id = 1; }, [](Objects& o) { o.objects[0].id = 0; },
           [](Objects& o) {
             o.objects.resize(5000, {9, 2, {}});
           }}) {
    Objects bad = good;
    spoil(bad);
    EXPECT_FALSE(Decode<Objects>(Encode(bad)));
  }
}

TEST(WorkerMessages, AKeyIsOfAKnownTypeAndHasALabelAndAnId) {
  const GenerateKey good{1, "release-key", {1, 2}};
  EXPECT_TRUE(Decode<GenerateKey>(Encode(good)));
  for (const auto& spoil : std::initializer_list<void (*)(GenerateKey&)>{
           [](GenerateKey& k) { k.key_type = 0; }, [](GenerateKey& k) { k.key_type = 7; },
           [](GenerateKey& k) { k.label = ""; }, [](GenerateKey& k) { k.label = "a\nb"; },
           [](GenerateKey& k) { k.label = std::string(kKeyLabelBytesMax + 1, 'x'); },
           [](GenerateKey& k) { k.id.clear(); },
           [](GenerateKey& k) { k.id = Bytes(kKeyIdBytesMax + 1); }}) {
    GenerateKey bad = good;
    spoil(bad);
    EXPECT_FALSE(Decode<GenerateKey>(Encode(bad)));
  }
  EXPECT_TRUE(Decode<KeyMade>(Encode(KeyMade{false, {"CKA_COPYABLE"}})));
  EXPECT_FALSE(Decode<KeyMade>(Encode(KeyMade{false, {"CKA COPYABLE"}})));
}

TEST(WorkerMessages, AHeaderOverTheBoundIsRefused) {
  const Bytes header = EncodeHeader({1000, MessageType::kSign});
  ASSERT_EQ(header.size(), kHeaderBytes);
  EXPECT_TRUE(DecodeHeader(header, 1000));
  EXPECT_FALSE(DecodeHeader(header, 999));
}

}  // namespace
}  // namespace grant::worker
