#include "grantd/gate/key_identity.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "grantd/gate/key_directory.h"
#include "tests/unit/domain/builders.h"
#include "tests/unit/gate/fake_token.h"

namespace grant {
namespace {

using Attributes = std::vector<gate::AttributeRecord>;

gate::AttributeRecord Number(uint64_t type, CK_ULONG value) {
  gate::AttributeRecord record{type, false, Bytes(sizeof value)};
  std::memcpy(record.value.data(), &value, sizeof value);
  return record;
}

gate::AttributeRecord Text(uint64_t type, const std::string& value) {
  return {type, false, Bytes(value.begin(), value.end())};
}

const std::string kCurve = "curve";
// A point as it is, and in a DER OCTET STRING.
const std::string kPoint = std::string("\x04") + std::string(64, 'p');
const std::string kDerPoint = std::string("\x04\x41") + kPoint;

Attributes Rsa(const std::string& label, const std::string& id, const std::string& modulus) {
  return {Number(CKA_CLASS, CKO_PRIVATE_KEY), Number(CKA_KEY_TYPE, CKK_RSA), Text(CKA_LABEL, label),
          Text(CKA_ID, id), Text(CKA_MODULUS, modulus)};
}

Attributes Ec(const std::string& label, const std::string& id, const std::string& curve = kCurve) {
  return {Number(CKA_CLASS, CKO_PRIVATE_KEY), Number(CKA_KEY_TYPE, CKK_EC), Text(CKA_LABEL, label),
          Text(CKA_ID, id), Text(CKA_EC_PARAMS, curve)};
}

Attributes EcPublic(const std::string& id, const std::string& point) {
  return {Number(CKA_CLASS, CKO_PUBLIC_KEY), Number(CKA_KEY_TYPE, CKK_EC), Text(CKA_ID, id),
          Text(CKA_EC_PARAMS, kCurve), Text(CKA_EC_POINT, point)};
}

// The first is governed, the others are what else is on the token.
bool IsGoverned(const Attributes& seen, const std::vector<Attributes>& token) {
  TokenObjects objects{1, {}};
  for (const Attributes& attributes : token) {
    CK_ULONG object_class = 0;
    std::memcpy(&object_class, attributes[0].value.data(), sizeof object_class);
    objects.objects.push_back({objects.objects.size() + 1, object_class, attributes});
  }
  return FindGoverned(seen, objects, {1}) == std::optional<uint64_t>(1);
}

TEST(KeyIdentity, IsThePublicValueWhateverIdAndLabelSay) {
  const Attributes governed = Rsa("release-key", "01", "modulus");
  EXPECT_TRUE(IsGoverned(governed, {governed}));
  EXPECT_TRUE(IsGoverned(Rsa("other", "02", "modulus"), {governed}));
  EXPECT_TRUE(IsGoverned(Rsa("", "", std::string(1, '\0') + "modulus"), {governed}));
  EXPECT_FALSE(IsGoverned(Rsa("other", "02", "another"), {governed}));
}

TEST(KeyIdentity, IsTheIdWhereThePublicValueIsNotKnown) {
  const Attributes governed = Ec("release-key", "01");
  EXPECT_TRUE(IsGoverned(Ec("renamed", "01"), {governed}));
  EXPECT_TRUE(IsGoverned(Ec("renamed", "01"), {governed, EcPublic("01", kDerPoint)}));
  EXPECT_FALSE(IsGoverned(Ec("release-key", "02"), {governed}));
  Attributes unreadable = Rsa("release-key", "01", "");
  EXPECT_TRUE(IsGoverned(Rsa("release-key", "01", "modulus"), {unreadable}));
}

TEST(KeyIdentity, IsNotTheLabelAlone) {
  EXPECT_FALSE(IsGoverned(Rsa("release-key", "02", "another"), {Rsa("release-key", "01", "mod")}));
  EXPECT_FALSE(IsGoverned(Ec("release-key", "02"), {Ec("release-key", "01")}));
  EXPECT_FALSE(IsGoverned(Ec("release-key", ""), {Ec("release-key", "01")}));
}

TEST(KeyIdentity, OfACopyIsTheOneOfItsPublicKeyOnTheToken) {
  const Attributes governed = Ec("release-key", "01");
  EXPECT_TRUE(IsGoverned(Ec("copy", "02"), {governed, EcPublic("01", kDerPoint), Ec("copy", "02"),
                                            EcPublic("02", kPoint)}));
  EXPECT_FALSE(IsGoverned(Ec("other", "02"), {governed, EcPublic("01", kDerPoint),
                                              Ec("other", "02"), EcPublic("02", "another point")}));
}

TEST(KeyIdentity, OfTwoKeysWithOneIdIsToldByWhatTheySayOfThemselves) {
  EXPECT_FALSE(IsGoverned(Rsa("other", "01", "another"), {Rsa("release-key", "01", "modulus")}));
  EXPECT_FALSE(IsGoverned(Ec("other", "01", "another curve"), {Ec("release-key", "01")}));
  EXPECT_FALSE(IsGoverned(Ec("other", "01"), {Rsa("release-key", "01", "modulus")}));
}

TEST(KeyIdentity, OfANamelessKeyIsLabelTypeAndCurve) {
  EXPECT_TRUE(IsGoverned(Ec("release-key", ""), {Ec("release-key", "")}));
  EXPECT_FALSE(IsGoverned(Ec("other", ""), {Ec("release-key", "")}));
  EXPECT_FALSE(IsGoverned(Ec("release-key", "", "another curve"), {Ec("release-key", "")}));
}

TEST(KeyIdentity, IsThatOfPrivateKeysAlone) {
  EXPECT_FALSE(IsGoverned(EcPublic("01", kPoint), {Ec("release-key", "01")}));
}

TEST(KeyIdentity, OfATokenIsItsSerialNumber) {
  gate::TokenRecord token;
  token.label = "prod";
  token.serial = "12";
  token.manufacturer = "maker";
  token.model = "model";
  EXPECT_TRUE(IsSameToken({"prod", "12", "maker", "model", {}}, token));
  EXPECT_TRUE(IsSameToken({"renamed", "12", "maker", "model", {}}, token));
  EXPECT_FALSE(IsSameToken({"prod", "13", "maker", "model", {}}, token));
  EXPECT_FALSE(IsSameToken({"prod", "12", "another", "model", {}}, token));
  token.serial = "";
  EXPECT_TRUE(IsSameToken({"prod", "", "maker", "model", {}}, token));
  EXPECT_FALSE(IsSameToken({"renamed", "", "maker", "model", {}}, token));
}

// A token "prod" with keys without ID and public value.
class OneToken : public FakeToken {
 public:
  OneToken(Signer& sign, bool is_present) : FakeToken(sign), is_present_(is_present) {}

  const TokenSettings& settings() const override {
    static const TokenSettings& settings =
        *new TokenSettings{"prod", "", "pkcs11:token=prod", "", false};
    return settings;
  }
  gate::TokenRecord Describe() override {
    gate::TokenRecord record;
    if (is_present_) record = FakeToken::Describe();
    record.present = is_present_;
    return record;
  }

 private:
  const bool is_present_;
};

class KeyDirectoryIdentify : public testing::Test {
 protected:
  Result<gate::KeyIdentified> Identify(bool is_present, const std::string& token,
                                       const std::string& label) {
    std::vector<std::unique_ptr<Token>> tokens;
    tokens.push_back(std::make_unique<OneToken>(sign_, is_present));
    KeyDirectory keys(std::move(tokens));
    RulesVersion rules{1, MakeRules(), P("unix:root"), At(0)};
    rules.rules.signers.pop_back();
    return keys.Identify({token,
                          "",
                          "",
                          "",
                          {Number(CKA_CLASS, CKO_PRIVATE_KEY), Text(CKA_LABEL, label),
                           Text(CKA_EC_PARAMS, std::string(kP256))}},
                         rules);
  }

  FakeToken::Signer sign_ = [] { return Bytes(64, 1); };
};

TEST_F(KeyDirectoryIdentify, NamesTheSignerAndTheKey) {
  const auto identified = Identify(true, "prod", "release-key");
  ASSERT_TRUE(identified.has_value());
  ASSERT_TRUE(identified->signer.has_value());
  EXPECT_EQ(identified->signer->name, "release");
  EXPECT_EQ(identified->token, "prod");
  EXPECT_EQ(identified->key_id, kKeyId);
}

TEST_F(KeyDirectoryIdentify, LeavesOtherKeysAndOtherTokensAlone) {
  EXPECT_FALSE(Identify(true, "prod", "other-key").value().signer.has_value());
  EXPECT_FALSE(Identify(true, "another", "release-key").value().signer.has_value());
  EXPECT_FALSE(Identify(false, "another", "release-key").value().signer.has_value());
}

TEST_F(KeyDirectoryIdentify, SaysNothingOfAKeyOnATokenThatItCannotSee) {
  const auto identified = Identify(false, "prod", "other-key");
  ASSERT_FALSE(identified.has_value());
  EXPECT_EQ(identified.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace grant
