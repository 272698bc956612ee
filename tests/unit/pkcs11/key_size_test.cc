#include "pkcs11/broker/key_size.h"

#include <gtest/gtest.h>

namespace grant::pkcs11 {
namespace {

using cryptoki::Scheme;

Object KeyWith(CK_ATTRIBUTE_TYPE type, Bytes value) {
  Object key;
  key.attributes.push_back({type, false, std::move(value)});
  return key;
}

TEST(SignatureBytes, OfRsaAreThoseOfTheModulus) {
  EXPECT_EQ(SignatureBytes(KeyWith(CKA_MODULUS, Bytes(256, 0x80)), Scheme::kRsaPkcs1), 256U);
  EXPECT_EQ(SignatureBytes(KeyWith(CKA_MODULUS, {0, 0x80, 1}), Scheme::kRsaPss), 2U);
  EXPECT_EQ(ModulusBits(KeyWith(CKA_MODULUS, {0, 0x80, 1})), 16U);
  EXPECT_EQ(ModulusBits(KeyWith(CKA_MODULUS, {0x01, 0})), 9U);
}

TEST(SignatureBytes, OfEcdsaAreTwiceTheOrder) {
  EXPECT_EQ(SignatureBytes(KeyWith(CKA_EC_PARAMS, {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}),
                           Scheme::kEcdsa),
            64U);
  EXPECT_EQ(SignatureBytes(KeyWith(CKA_EC_PARAMS, {6, 5, 0x2b, 0x81, 4, 0, 0x22}), Scheme::kEcdsa),
            96U);
  EXPECT_EQ(SignatureBytes(KeyWith(CKA_EC_PARAMS, {6, 5, 0x2b, 0x81, 4, 0, 0x23}), Scheme::kEcdsa),
            132U);
}

TEST(SignatureBytes, OfEddsaAreThoseOfTheCurve) {
  EXPECT_EQ(SignatureBytes(KeyWith(CKA_EC_PARAMS, {6, 3, 0x2b, 0x65, 0x70}), Scheme::kEddsa), 64U);
  EXPECT_EQ(SignatureBytes(KeyWith(CKA_EC_PARAMS, {6, 3, 0x2b, 0x65, 0x71}), Scheme::kEddsa), 114U);
  const std::string name =
      "\x13\x0c"
      "edwards25519";
  EXPECT_EQ(SignatureBytes(KeyWith(CKA_EC_PARAMS, Bytes(name.begin(), name.end())), Scheme::kEddsa),
            64U);
}

TEST(SignatureBytes, OfAnUnknownKeyAreUnknown) {
  EXPECT_FALSE(SignatureBytes(Object{}, Scheme::kRsaPkcs1).has_value());
  EXPECT_FALSE(SignatureBytes(KeyWith(CKA_MODULUS, {0, 0}), Scheme::kRsaPkcs1).has_value());
  EXPECT_FALSE(SignatureBytes(KeyWith(CKA_EC_PARAMS, {6, 1, 1}), Scheme::kEcdsa).has_value());
  EXPECT_FALSE(
      SignatureBytes(KeyWith(CKA_EC_PARAMS, {6, 3, 0x2b, 0x65, 0x70}), Scheme::kEcdsa).has_value());
}

}  // namespace
}  // namespace grant::pkcs11
