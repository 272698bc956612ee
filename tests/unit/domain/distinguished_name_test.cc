#include "grantd/domain/distinguished_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grant {
namespace {

using testing::ElementsAre;
using Kind = AlternativeName::Kind;

TEST(DistinguishedName, KeepsItsPartsInOrder) {
  EXPECT_THAT(ParseDistinguishedName("CN=Release signing, O=Example ,C=DE").value(),
              ElementsAre(NamePart{"CN", "Release signing"}, NamePart{"O", "Example"},
                          NamePart{"C", "DE"}));
}

TEST(DistinguishedName, NamesOfAttributesStandInAnyCase) {
  EXPECT_THAT(ParseDistinguishedName("cn=a,EMAILADDRESS=b@c").value(),
              ElementsAre(NamePart{"CN", "a"}, NamePart{"emailAddress", "b@c"}));
}

TEST(DistinguishedName, ABackslashKeepsACommaAndABlank) {
  EXPECT_THAT(ParseDistinguishedName(R"(O=Example\, Inc.,CN=a\\b\ )").value(),
              ElementsAre(NamePart{"O", "Example, Inc."}, NamePart{"CN", "a\\b "}));
}

TEST(DistinguishedName, ABackslashBeforeTwoHexDigitsIsTheirByte) {
  EXPECT_THAT(ParseDistinguishedName(R"(CN=a\2Cb\2c\20,O=M\C3\BCller)").value(),
              ElementsAre(NamePart{"CN", "a,b, "}, NamePart{"O", "M\xC3\xBCller"}));
  for (const std::string text : {R"(CN=a\2)", R"(CN=a\2,O=b)", R"(CN=a\x)", R"(CN=a\0Ab)",
                                 R"(CN=a\00b)", R"(CN=a\1B[31m)", R"(CN=a\ff)"}) {
    EXPECT_FALSE(ParseDistinguishedName(text)) << text;
  }
}

TEST(DistinguishedName, AnEqualsSignMayStandInAValue) {
  EXPECT_THAT(ParseDistinguishedName("CN=a=b").value(), ElementsAre(NamePart{"CN", "a=b"}));
}

TEST(DistinguishedName, RefusesWhatIsNoName) {
  for (const std::string text : {"", "CN", "CN=", "CN=a,", "=a", "XX=a", "CN=a\\", "CN=a\nb",
                                 "CN=a\tb", "C=Germany", "C=de", "CN=\x1b[31m", "CN=\xff"}) {
    EXPECT_FALSE(ParseDistinguishedName(text)) << text;
  }
}

TEST(DistinguishedName, IsBounded) {
  EXPECT_FALSE(ParseDistinguishedName("CN=" + std::string(kSubjectValueBytesMax + 1, 'a')));
  std::string many = "OU=a";
  for (size_t i = 0; i < kSubjectPartsMax; ++i) many += ",OU=a";
  EXPECT_EQ(ParseDistinguishedName(many).error().code, Code::kTooLarge);
  EXPECT_EQ(ParseDistinguishedName(std::string(kSubjectBytesMax + 1, 'a')).error().code,
            Code::kTooLarge);
}

TEST(AlternativeName, HasAKindAndAValue) {
  EXPECT_EQ(ParseAlternativeName("DNS:a.example.com").value(),
            (AlternativeName{Kind::kDns, "a.example.com"}));
  EXPECT_EQ(ParseAlternativeName("ip:192.0.2.1").value(),
            (AlternativeName{Kind::kIp, "192.0.2.1"}));
  EXPECT_EQ(ParseAlternativeName("EMAIL:a@b").value(), (AlternativeName{Kind::kEmail, "a@b"}));
  EXPECT_EQ(ParseAlternativeName("uri:https://a/").value(),
            (AlternativeName{Kind::kUri, "https://a/"}));
}

TEST(AlternativeName, RefusesWhatIsNone) {
  for (const std::string text :
       {"", "DNS", "DNS:", "a.example.com", "dirName:x", "DNS:a b", "DNS:\xc3\xbc", "DNS:a\n"}) {
    EXPECT_FALSE(ParseAlternativeName(text)) << text;
  }
  EXPECT_FALSE(ParseAlternativeName("DNS:" + std::string(kAlternativeNameBytesMax + 1, 'a')));
}

}  // namespace
}  // namespace grant
