#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <map>
#include <thread>

#include "tests/unit/hsm/token_fixture.h"

namespace grant::test {
namespace {

using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

class ModuleTokenObjects : public ModuleTokenTest {};

std::string Text(const TokenObject& object, CK_ATTRIBUTE_TYPE type) {
  const gate::AttributeRecord* const attribute = object.Find(type);
  return attribute == nullptr ? "(none)" : std::string(AsText(attribute->value));
}

CK_ULONG Number(const TokenObject& object, CK_ATTRIBUTE_TYPE type) {
  CK_ULONG number = 0;
  const gate::AttributeRecord* const attribute = object.Find(type);
  if (attribute == nullptr || attribute->value.size() != sizeof number) return ~0UL;
  std::memcpy(&number, attribute->value.data(), sizeof number);
  return number;
}

std::vector<CK_ATTRIBUTE_TYPE> Types(const TokenObject& object) {
  std::vector<CK_ATTRIBUTE_TYPE> types;
  for (const gate::AttributeRecord& attribute : object.attributes) types.push_back(attribute.type);
  return types;
}

std::vector<CK_ATTRIBUTE_TYPE> SensitiveTypes(const TokenObject& object) {
  std::vector<CK_ATTRIBUTE_TYPE> types;
  for (const gate::AttributeRecord& attribute : object.attributes) {
    if (!attribute.sensitive) continue;
    EXPECT_TRUE(attribute.value.empty());
    types.push_back(attribute.type);
  }
  return types;
}

TEST_F(ModuleTokenObjects, ListsKeysCertificatesAndPublicData) {
  const auto token = Open("prod");
  const auto objects = token->Objects();
  ASSERT_TRUE(objects) << objects.error().message;
  std::vector<std::pair<CK_OBJECT_CLASS, std::string>> listed;
  for (const TokenObject& object : (*objects)->objects) {
    EXPECT_NE(object.id, 0U);
    EXPECT_EQ(Number(object, CKA_CLASS), object.object_class);
    listed.emplace_back(object.object_class, Text(object, CKA_LABEL));
  }
  using Pair = std::pair<CK_OBJECT_CLASS, std::string>;
  EXPECT_THAT(listed, UnorderedElementsAre(
                          Pair(CKO_PRIVATE_KEY, "rsa"), Pair(CKO_PUBLIC_KEY, "rsa"),
                          Pair(CKO_PRIVATE_KEY, "p256"), Pair(CKO_PUBLIC_KEY, "p256"),
                          Pair(CKO_PRIVATE_KEY, "ed25519"), Pair(CKO_PUBLIC_KEY, "ed25519"),
                          Pair(CKO_PRIVATE_KEY, "careful"), Pair(CKO_PUBLIC_KEY, "careful"),
                          Pair(CKO_CERTIFICATE, "cert"), Pair(CKO_DATA, "notes")));
}

TEST_F(ModuleTokenObjects, AnRsaPrivateKeyShowsAllButItsSecrets) {
  const auto token = Open("prod");
  const TokenObject key = Find(*token, CKO_PRIVATE_KEY, "rsa");
  EXPECT_THAT(Types(key), IsSupersetOf({CKA_CLASS,
                                        CKA_TOKEN,
                                        CKA_PRIVATE,
                                        CKA_MODIFIABLE,
                                        CKA_LABEL,
                                        CKA_KEY_TYPE,
                                        CKA_ID,
                                        CKA_DERIVE,
                                        CKA_LOCAL,
                                        CKA_SENSITIVE,
                                        CKA_DECRYPT,
                                        CKA_SIGN,
                                        CKA_SIGN_RECOVER,
                                        CKA_UNWRAP,
                                        CKA_EXTRACTABLE,
                                        CKA_ALWAYS_SENSITIVE,
                                        CKA_NEVER_EXTRACTABLE,
                                        CKA_WRAP_WITH_TRUSTED,
                                        CKA_ALWAYS_AUTHENTICATE,
                                        CKA_MODULUS,
                                        CKA_PUBLIC_EXPONENT}));
  EXPECT_THAT(SensitiveTypes(key),
              UnorderedElementsAre(CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1,
                                   CKA_EXPONENT_2, CKA_COEFFICIENT));
  EXPECT_EQ(Number(key, CKA_KEY_TYPE), CKK_RSA);
  EXPECT_EQ(Text(key, CKA_ID), "\x01");
  EXPECT_EQ(key.Find(CKA_MODULUS)->value.size(), 256U);
  EXPECT_EQ(key.Find(CKA_EC_PARAMS), nullptr);
}

TEST_F(ModuleTokenObjects, AnEcPrivateKeyShowsAllButItsValue) {
  const auto token = Open("prod");
  for (const char* const name : {"p256", "ed25519"}) {
    const TokenObject key = Find(*token, CKO_PRIVATE_KEY, name);
    EXPECT_NE(key.Find(CKA_EC_PARAMS), nullptr);
    EXPECT_THAT(SensitiveTypes(key), UnorderedElementsAre(CKA_VALUE));
  }
}

TEST_F(ModuleTokenObjects, PublicKeysShowTheirValues) {
  const auto token = Open("prod");
  const TokenObject rsa = Find(*token, CKO_PUBLIC_KEY, "rsa");
  EXPECT_EQ(Number(rsa, CKA_MODULUS_BITS), 2048U);
  EXPECT_EQ(rsa.Find(CKA_MODULUS)->value,
            Find(*token, CKO_PRIVATE_KEY, "rsa").Find(CKA_MODULUS)->value);
  EXPECT_TRUE(SensitiveTypes(rsa).empty());
  EXPECT_EQ(Find(*token, CKO_PUBLIC_KEY, "p256").Find(CKA_EC_POINT)->value.size(), 67U);
}

TEST_F(ModuleTokenObjects, CertificatesAndDataShowTheirValues) {
  const auto token = Open("prod");
  const TokenObject certificate = Find(*token, CKO_CERTIFICATE, "cert");
  EXPECT_EQ(Number(certificate, CKA_CERTIFICATE_TYPE), CKC_X_509);
  EXPECT_THAT(Types(certificate),
              IsSupersetOf({CKA_SUBJECT, CKA_ISSUER, CKA_SERIAL_NUMBER, CKA_VALUE, CKA_ID}));
  EXPECT_FALSE(certificate.Find(CKA_VALUE)->value.empty());
  EXPECT_EQ(Text(Find(*token, CKO_DATA, "notes"), CKA_VALUE), "some data");
}

TEST_F(ModuleTokenObjects, AnEmptyTokenHasAVersion) {
  const auto objects = Open("empty")->Objects();
  ASSERT_TRUE(objects) << objects.error().message;
  EXPECT_TRUE((*objects)->objects.empty());
  EXPECT_NE((*objects)->version, 0U);
}

TEST_F(ModuleTokenObjects, ReadingAgainChangesNothing) {
  const auto one = Open("prod")->Objects();
  const auto other = Open("prod")->Objects();
  ASSERT_TRUE(one && other);
  EXPECT_EQ((*one)->version, (*other)->version);
}

std::map<std::string, uint64_t> PrivateKeyIds(const TokenObjects& objects) {
  std::map<std::string, uint64_t> ids;
  for (const TokenObject& object : objects.objects) {
    if (object.object_class == CKO_PRIVATE_KEY) ids[Text(object, CKA_LABEL)] = object.id;
  }
  return ids;
}

TEST_F(ModuleTokenObjects, ANewKeyShowsUpAndTheOldKeepTheirIds) {
  const auto token = Open("growing");
  const auto before = token->Objects();
  ASSERT_TRUE(before) << before.error().message;
  Hsm().GenerateKey("growing", kPin, {KeyKind::kP256, "second", "02"});

  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  auto after = token->Objects();
  while (after && (*after)->objects.size() != (*before)->objects.size() + 2 &&
         std::chrono::steady_clock::now() < give_up) {
    std::this_thread::yield();
    after = token->Objects();
  }
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_NE((*after)->version, (*before)->version);
  auto ids = PrivateKeyIds(**after);
  const uint64_t second = ids.at("second");
  EXPECT_TRUE(token->Sign(second, {CKM_ECDSA, {}}, Bytes(32)));
  ids.erase("second");
  EXPECT_EQ(ids, PrivateKeyIds(**before));
  Hsm().Tool("growing", kPin, {"--delete-object", "--type", "privkey", "--label", "second"});
  Hsm().Tool("growing", kPin, {"--delete-object", "--type", "pubkey", "--label", "second"});
  const auto gone = token->Sign(second, {CKM_ECDSA, {}}, Bytes(32));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().rv, CKR_KEY_HANDLE_INVALID);
}

TEST_F(ModuleTokenObjects, TheTokenIsDescribedAsTheModuleDoes) {
  TokenSettings settings = Settings("prod");
  settings.name = "production";
  settings.accept_any_pin = true;
  const gate::TokenRecord record = Open(settings)->Describe();
  EXPECT_TRUE(record.present);
  EXPECT_EQ(record.name, "production");
  EXPECT_TRUE(record.accept_any_pin);
  EXPECT_EQ(record.label, "prod");
  EXPECT_EQ(record.manufacturer, "SoftHSM project");
  EXPECT_EQ(record.model, "SoftHSM v2");
  EXPECT_EQ(record.serial.size(), 16U);
  EXPECT_EQ(record.slot_manufacturer, "SoftHSM project");
  EXPECT_NE(record.token_flags & CKF_LOGIN_REQUIRED, 0U);
  EXPECT_EQ(record.pin_length_max, 255U);
}

TEST_F(ModuleTokenObjects, MechanismsAreListedForWhatGrantdServesThemFor) {
  std::map<uint64_t, uint64_t> flags;
  for (const gate::MechanismRecord& one : Open("prod")->Describe().mechanisms) {
    flags[one.type] = one.flags;
  }
  EXPECT_EQ(flags.at(CKM_SHA256_RSA_PKCS), CKF_SIGN | CKF_VERIFY);
  EXPECT_EQ(flags.at(CKM_RSA_PKCS), CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT);
  EXPECT_EQ(flags.at(CKM_RSA_PKCS_OAEP), CKF_ENCRYPT);
  EXPECT_EQ(flags.at(CKM_SHA256), CKF_DIGEST);
  EXPECT_EQ(flags.at(CKM_MD5), CKF_DIGEST);
  EXPECT_EQ(flags.at(CKM_ECDSA) & (CKF_SIGN | CKF_VERIFY), CKF_SIGN | CKF_VERIFY);
  EXPECT_NE(flags.at(CKM_ECDSA) & CKF_EC_NAMEDCURVE, 0U);
  EXPECT_TRUE(flags.contains(CKM_EDDSA));
  for (const CK_MECHANISM_TYPE type :
       {CKM_SHA256_HMAC, CKM_AES_CBC, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_ECDH1_DERIVE}) {
    EXPECT_FALSE(flags.contains(type)) << type;
  }
}

}  // namespace
}  // namespace grant::test
