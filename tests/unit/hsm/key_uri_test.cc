#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/hsm/token.h"

namespace grant {
namespace {

TEST(KeyUri, GivesEachPartDecoded) {
  const auto key = ParseKeyUri(
      "pkcs11:token=my%20token;serial=0a1b;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;"
      "object=release%3bkey;id=%00%01%fe;type=private");
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->token, "my token");
  EXPECT_EQ(key->serial, "0a1b");
  EXPECT_EQ(key->manufacturer, "SoftHSM project");
  EXPECT_EQ(key->model, "SoftHSM v2");
  EXPECT_EQ(key->object, "release;key");
  EXPECT_EQ(key->id, (Bytes{0, 1, 0xfe}));
}

TEST(KeyUri, LeavesWhatIsNotGivenEmpty) {
  const auto key = ParseKeyUri("pkcs11:object=release");
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_TRUE(key->token.empty() && key->serial.empty() && key->manufacturer.empty() &&
              key->model.empty() && key->id.empty());
}

struct WrongUri {
  const char* uri;
  const char* message;
};

class WrongKeyUri : public ::testing::TestWithParam<WrongUri> {};

TEST_P(WrongKeyUri, IsRefusedWithItsReason) {
  const auto key = ParseKeyUri(GetParam().uri);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Code::kInvalid);
  EXPECT_EQ(key.error().message, GetParam().message);
  EXPECT_FALSE(key.error().hint.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongKeyUri,
    ::testing::Values(
        WrongUri{"", "the URI '' does not start with pkcs11:"},
        WrongUri{"release-key", "the URI 'release-key' does not start with pkcs11:"},
        WrongUri{"pkcs11:token=t",
                 "the URI 'pkcs11:token=t' names no key: it needs object, id or both"},
        WrongUri{"pkcs11:object=k;type=cert",
                 "the URI 'pkcs11:object=k;type=cert' names no private key: leave out type or make "
                 "it type=private"},
        WrongUri{"pkcs11:object=k;slot-id=1",
                 "the URI 'pkcs11:object=k;slot-id=1' has the attribute 'slot-id', which is not "
                 "supported"},
        WrongUri{"pkcs11:objekt=k",
                 "the URI 'pkcs11:objekt=k' has the attribute 'objekt', which is not supported"},
        WrongUri{"pkcs11:object=k;;id=%01",
                 "the URI 'pkcs11:object=k;;id=%01' has the attribute '', which is not supported"},
        WrongUri{"pkcs11:object=k;object=l",
                 "the URI 'pkcs11:object=k;object=l' has 'object' twice"},
        WrongUri{"pkcs11:object=", "the URI 'pkcs11:object=' has no value for 'object'"},
        WrongUri{"pkcs11:object", "the URI 'pkcs11:object' has no value for 'object'"},
        WrongUri{"pkcs11:object=%zz", "the URI 'pkcs11:object=%zz' is malformed"},
        WrongUri{"pkcs11:object=k?module-path=/x",
                 "the URI 'pkcs11:object=k?module-path=/x' has query attributes after '?', which "
                 "are not supported"},
        WrongUri{"pkcs11:object=k?pin-source=/x",
                 "a PKCS#11 URI must not carry pin-value or pin-source"},
        WrongUri{"pkcs11:object=k;token=123456789012345678901234567890123",
                 "the URI 'pkcs11:object=k;token=123456789012345678901234567890123' has a value "
                 "that fits no token, for instance one that is too long"}));

TEST(KeyUri, NeverRepeatsAPin) {
  const auto key = ParseKeyUri("pkcs11:object=k?pin-value=topsecret");
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().message + key.error().hint,
              ::testing::Not(::testing::HasSubstr("topsecret")));
  EXPECT_EQ(key.error().hint, "put the PIN into the pin_file of the [[token]]");
}

TEST(KeyUri, IsBounded) {
  EXPECT_FALSE(ParseKeyUri("pkcs11:object=" + std::string(1024, 'k')));
  EXPECT_TRUE(ParseKeyUri("pkcs11:object=" + std::string(1000, 'k')));
}

TEST(TokenUri, NamesATokenAndNothingElse) {
  const auto token = ParseTokenUri("pkcs11:token=prod;serial=1");
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->token, "prod");
  EXPECT_EQ(token->serial, "1");
  EXPECT_EQ(ParseTokenUri("pkcs11:").error().message, "the URI 'pkcs11:' names no token");
  EXPECT_EQ(ParseTokenUri("pkcs11:token=prod;object=k").error().message,
            "the URI 'pkcs11:token=prod;object=k' is to name a token, so it has no 'object'");
}

}  // namespace
}  // namespace grant
