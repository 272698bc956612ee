#include "grantd/gate/content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace grant {
namespace {

using testing::Contains;
using testing::IsEmpty;

// SHA-256 of "abc" (FIPS 180-4, example).
constexpr const char* kAbcSha256 =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Bytes FromHex(const std::string& hex) {
  Bytes bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

Bytes AbcDigestInfo() {
  return FromHex(std::string("3031300d060960864801650304020105000420") + kAbcSha256);
}

constexpr size_t kP256Bits = 256;

ReducedContent Reduce(const gate::SignMechanism& mechanism, ByteView data, bool hash_here = true,
                      size_t order_bits = kP256Bits) {
  Content content = Content::Begin(mechanism, hash_here, Purpose::kSigning, order_bits).value();
  content.Add(data);
  return content.Finish().value();
}

const Digest kAbc{"sha256", kAbcSha256};
const gate::PssParameters kPss{CKM_SHA256, CKG_MGF1_SHA256, 32};

TEST(Content, OfEveryMechanismReducesToTheSameDigest) {
  EXPECT_THAT(Reduce({CKM_SHA256_RSA_PKCS, {}}, AsBytes("abc")).digests, Contains(kAbc));
  EXPECT_THAT(Reduce({CKM_SHA512_RSA_PKCS, {}}, AsBytes("abc")).digests, Contains(kAbc));
  EXPECT_THAT(Reduce({CKM_RSA_PKCS, {}}, AbcDigestInfo()).digests, Contains(kAbc));
  EXPECT_THAT(Reduce({CKM_SHA256_RSA_PKCS_PSS, kPss}, AsBytes("abc")).digests, Contains(kAbc));
  EXPECT_THAT(Reduce({CKM_RSA_PKCS_PSS, kPss}, FromHex(kAbcSha256)).digests, Contains(kAbc));
  EXPECT_THAT(Reduce({CKM_ECDSA, {}}, FromHex(kAbcSha256)).digests, Contains(kAbc));
  EXPECT_THAT(Reduce({CKM_EDDSA, {}}, AsBytes("abc")).digests, Contains(kAbc));
}

TEST(Content, OfAWeakSignatureIsNamedByNoStrongerDigest) {
  for (const gate::SignMechanism& weak :
       {gate::SignMechanism{CKM_SHA1_RSA_PKCS, {}}, gate::SignMechanism{CKM_SHA224_RSA_PKCS, {}},
        gate::SignMechanism{CKM_SHA1_RSA_PKCS_PSS, kPss}, gate::SignMechanism{CKM_ECDSA_SHA1, {}},
        gate::SignMechanism{CKM_ECDSA_SHA224, {}}}) {
    for (const bool hash_here : {true, false}) {
      const ReducedContent reduced = Reduce(weak, AsBytes("abc"), hash_here);
      EXPECT_THAT(reduced.digests, testing::Not(Contains(kAbc)));
      EXPECT_THAT(reduced.digests, testing::SizeIs(1));
      EXPECT_THAT(reduced.recorded, testing::ElementsAre(kAbc))
          << "people look for it all the same";
    }
  }
  for (const CK_MECHANISM_TYPE type : {CKM_SHA384_RSA_PKCS, CKM_ECDSA_SHA512}) {
    const ReducedContent reduced = Reduce({type, {}}, AsBytes("abc"));
    EXPECT_THAT(reduced.digests, Contains(kAbc));
    EXPECT_THAT(reduced.recorded, IsEmpty());
  }
}

// On P-256 it is signed as the SHA-256 of something else that it begins with.
TEST(Content, ThatEcdsaSignsTheBeginningOfIsNoDigest) {
  Bytes longer = FromHex(kAbcSha256);
  longer.resize(64, 7);
  const ReducedContent cut = Reduce({CKM_ECDSA, {}}, longer);
  EXPECT_THAT(cut.digests, IsEmpty());
  EXPECT_THAT(cut.recorded, testing::ElementsAre(Digest{"sha512", Hex(longer)}, kAbc));
  EXPECT_EQ(cut.data, longer);
  EXPECT_THAT(Reduce({CKM_ECDSA, {}}, longer, true, 521).digests,
              testing::ElementsAre(Digest{"sha512", Hex(longer)}));
  EXPECT_THAT(Reduce({CKM_ECDSA, {}}, FromHex(kAbcSha256), true, 0).digests, IsEmpty())
      << "the curve is not known";
  EXPECT_THAT(Reduce({CKM_ECDSA_SHA512, {}}, AsBytes("abc")).digests, Contains(kAbc))
      << "grantd has seen the data";
}

TEST(Content, GivesTheTokenTheDigestWhereItMayHashHere) {
  const ReducedContent pkcs1 = Reduce({CKM_SHA256_RSA_PKCS, {}}, AsBytes("abc"));
  EXPECT_EQ(pkcs1.mechanism.type, CKM_RSA_PKCS);
  EXPECT_EQ(pkcs1.data, AbcDigestInfo());
  const ReducedContent pss = Reduce({CKM_SHA256_RSA_PKCS_PSS, kPss}, AsBytes("abc"));
  EXPECT_EQ(pss.mechanism.type, CKM_RSA_PKCS_PSS);
  EXPECT_EQ(pss.mechanism.pss, kPss);
  EXPECT_EQ(pss.data, FromHex(kAbcSha256));
}

TEST(Content, LeavesTheHashingToTheTokenWhereItMust) {
  const ReducedContent whole = Reduce({CKM_SHA256_RSA_PKCS, {}}, AsBytes("abc"), false);
  EXPECT_EQ(whole.mechanism.type, CKM_SHA256_RSA_PKCS);
  EXPECT_EQ(AsText(whole.data), "abc");
  EXPECT_THAT(whole.digests, Contains(kAbc));
}

TEST(Content, TakesNothingForADigestThatIsNone) {
  EXPECT_THAT(Reduce({CKM_RSA_PKCS, {}}, FromHex(kAbcSha256)).digests, IsEmpty());
  Bytes trailing = AbcDigestInfo();
  trailing.push_back(0);
  EXPECT_THAT(Reduce({CKM_RSA_PKCS, {}}, trailing).digests, IsEmpty());
  Bytes other_algorithm = AbcDigestInfo();
  other_algorithm[14] = 3;
  EXPECT_THAT(Reduce({CKM_RSA_PKCS, {}}, other_algorithm).digests, IsEmpty());
  EXPECT_THAT(Reduce({CKM_RSA_PKCS_PSS, kPss}, AsBytes("abc")).digests, IsEmpty());
  EXPECT_THAT(Reduce({CKM_ECDSA, {}}, AsBytes("abc")).digests, IsEmpty());
}

TEST(Content, ThatTheTokenHashesIsNoDigestEvenIfItLooksLikeOne) {
  EXPECT_THAT(Reduce({CKM_SHA256_RSA_PKCS, {}}, AbcDigestInfo(), false).digests,
              testing::Not(Contains(kAbc)));
  EXPECT_THAT(Reduce({CKM_SHA256_RSA_PKCS_PSS, kPss}, FromHex(kAbcSha256), false).digests,
              testing::Not(Contains(kAbc)));
}

TEST(Content, RefusesUnknownMechanismsAndWrongParameters) {
  EXPECT_EQ(Content::Begin({CKM_AES_CBC, {}}, true).error().cause, Cause::kMechanismNotAllowed);
  EXPECT_EQ(Content::Begin({CKM_RSA_PKCS_PSS, {}}, true).error().cause,
            Cause::kMechanismParameters);
  EXPECT_EQ(Content::Begin({CKM_RSA_PKCS, kPss}, true).error().cause, Cause::kMechanismParameters);
}

TEST(Content, KeepsNoMoreOfARawMechanismThanAModulus) {
  Content content = Content::Begin({CKM_RSA_PKCS, {}}, true).value();
  content.Add(Bytes(kRawDataBytesMax + 1));
  EXPECT_EQ(content.Finish().error().cause, Cause::kDataLength);
}

TEST(Content, OfARejectedSignatureIsNeverReduced) {
  Content content = Content::Begin({CKM_RSA_PKCS, {}}, true).value();
  content.Reject({Cause::kNotAUser, "no", "ask", {}});
  content.Add(AbcDigestInfo());
  EXPECT_EQ(content.Finish().error().cause, Cause::kNotAUser);
}

TEST(Content, OfAllClientsTogetherIsBounded) {
  std::vector<Content> contents;
  for (size_t kept = 0; kept < kKeptBytesMax; kept += kWholeDataBytesMax) {
    contents.push_back(Content::Begin({CKM_EDDSA, {}}, true).value());
    contents.back().Add(Bytes(kWholeDataBytesMax));
  }
  Content late = Content::Begin({CKM_EDDSA, {}}, true).value();
  late.Add(Bytes(1));
  EXPECT_EQ(late.Finish().error().cause, Cause::kBusy);
  contents.clear();
  Content later = Content::Begin({CKM_EDDSA, {}}, true).value();
  later.Add(Bytes(1));
  EXPECT_TRUE(later.Finish().has_value());
}

TEST(Content, ThatIsVerifiedLeavesRoomForWhatIsSigned) {
  std::vector<Content> verified;
  for (size_t kept = 0; kept < kKeptForVerifyingBytesMax; kept += kWholeDataBytesMax) {
    verified.push_back(Content::Begin({CKM_EDDSA, {}}, true, Purpose::kVerifying).value());
    verified.back().Add(Bytes(kWholeDataBytesMax));
  }
  Content late = Content::Begin({CKM_EDDSA, {}}, true, Purpose::kVerifying).value();
  late.Add(Bytes(1));
  EXPECT_EQ(late.Finish().error().cause, Cause::kBusy);
  Content signing = Content::Begin({CKM_EDDSA, {}}, true).value();
  signing.Add(Bytes(kWholeDataBytesMax));
  EXPECT_TRUE(signing.Finish().has_value());
}

TEST(Content, IsReducedForVerifyingAsForSigning) {
  for (const CK_MECHANISM_TYPE type : {CKM_SHA512_RSA_PKCS, CKM_ECDSA_SHA224, CKM_EDDSA}) {
    Content content = Content::Begin({type, {}}, true, Purpose::kVerifying).value();
    content.Add(AsBytes("abc"));
    const ReducedContent verified = content.Finish().value();
    const ReducedContent made = Reduce({type, {}}, AsBytes("abc"));
    EXPECT_EQ(verified.mechanism, made.mechanism);
    EXPECT_EQ(verified.data, made.data);
  }
}

TEST(Content, KeepsNoMoreThanItsBound) {
  Content content = Content::Begin({CKM_EDDSA, {}}, true).value();
  content.Add(Bytes(kWholeDataBytesMax));
  EXPECT_TRUE(content.Finish().has_value());
  content = Content::Begin({CKM_EDDSA, {}}, true).value();
  content.Add(Bytes(kWholeDataBytesMax));
  content.Add(Bytes(1));
  content.Add({});
  EXPECT_EQ(content.Finish().error().cause, Cause::kDataLength);
}

RC_GTEST_PROP(Content, IsTheSameHoweverItIsCut, ()) {
  const auto data = *rc::gen::arbitrary<Bytes>();
  const auto cut = *rc::gen::inRange<size_t>(0, data.size() + 1);
  Content content = Content::Begin({CKM_SHA384_RSA_PKCS, {}}, true).value();
  content.Add(ByteView(data).first(cut));
  content.Add(ByteView(data).subspan(cut));
  const ReducedContent pieces = content.Finish().value();
  const ReducedContent whole = Reduce({CKM_SHA384_RSA_PKCS, {}}, data);
  RC_ASSERT(pieces.data == whole.data);
  RC_ASSERT(pieces.digests == whole.digests);
}

RC_GTEST_PROP(Content, SurvivesAnyDigestInfo, ()) {
  auto data = AbcDigestInfo();
  data[*rc::gen::inRange<size_t>(0, data.size())] ^= *rc::gen::inRange<uint8_t>(1, 255);
  const ReducedContent reduced = Reduce({CKM_RSA_PKCS, {}}, data);
  RC_ASSERT(reduced.data == data);
  RC_ASSERT(std::find(reduced.digests.begin(), reduced.digests.end(), kAbc) ==
            reduced.digests.end());
}

}  // namespace
}  // namespace grant
