// C_GenerateRandom and C_SeedRandom.
#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

class RandomNumbers : public Host {};

TEST_F(RandomNumbers, AreTheTokens) {
  CK_BYTE random[5] = {};
  EXPECT_RV(CKR_OK, p11->C_GenerateRandom(OpenSession(), random, 4));
  EXPECT_EQ(Bytes(random, random + 5),
            (Bytes{kRandomByte, kRandomByte, kRandomByte, kRandomByte, 0}));
  EXPECT_EQ(gate.last_public().token, "prod");
}

TEST_F(RandomNumbers, OfAnyCountComeInPortions) {
  Bytes random(gate::kInlineDataBytesMax * 2 + 1);
  EXPECT_RV(CKR_OK, p11->C_GenerateRandom(OpenSession(), random.data(), random.size()));
  EXPECT_EQ(random, Bytes(random.size(), kRandomByte));
  EXPECT_EQ(gate.Count(gate::MessageType::kGetRandom), 3U);
}

TEST_F(RandomNumbers, OfCountZeroAreNotAskedFor) {
  CK_BYTE random[1];
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_RV(CKR_OK, p11->C_GenerateRandom(session, random, 0));
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_GenerateRandom(session, nullptr, 1));
  EXPECT_EQ(gate.Count(gate::MessageType::kGetRandom), 0U);
}

TEST_F(RandomNumbers, CannotBeInfluenced) {
  CK_BYTE seed[8] = {};
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_RV(CKR_RANDOM_SEED_NOT_SUPPORTED, p11->C_SeedRandom(session, seed, sizeof seed));
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_SeedRandom(session, nullptr, 1));
}

TEST_F(RandomNumbers, ATokenWithoutAGeneratorHasNone) {
  gate::TokenRecord token = SampleToken();
  token.token_flags &= ~uint64_t{CKF_RNG};
  gate.SetTokens({token});
  CK_SESSION_HANDLE session = OpenSession();
  CK_BYTE random[1] = {};
  EXPECT_RV(CKR_RANDOM_NO_RNG, p11->C_GenerateRandom(session, random, 1));
  EXPECT_RV(CKR_RANDOM_NO_RNG, p11->C_SeedRandom(session, random, 1));
  CK_TOKEN_INFO info{};
  EXPECT_RV(CKR_OK, p11->C_GetTokenInfo(77, &info));
  EXPECT_EQ(info.flags & CKF_RNG, 0U);
}

TEST_F(RandomNumbers, ThatAreTooFewAreADeviceError) {
  CK_SESSION_HANDLE session = OpenSession();
  gate.SetFault(gate::MessageType::kGetRandom, Fault::kGarbage);
  CK_BYTE random[8] = {};
  EXPECT_RV(CKR_DEVICE_ERROR, p11->C_GenerateRandom(session, random, sizeof random));
}

}  // namespace
}  // namespace grant::test
